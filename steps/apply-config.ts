import { isIncomplete } from '../runner/base/incomplete.ts'
import { signals } from '../runner/base/signals.ts'
import { CheckFailure } from '../runner/contracts/errors.ts'
import {
  commandsOrSignals,
  flag,
  jsonPath,
  listOf,
  mapping,
  oneOf,
  optional,
  type Static,
  service,
  Type,
  targetPath,
  text,
} from '../runner/contracts/params.ts'
import { placeAt, placeOfKey } from '../runner/contracts/source.ts'
import { type CheckContext, type Context, defineStep } from '../runner/contracts/step.ts'
import type { Target } from '../runner/contracts/target.ts'
import { edit, singularKeys } from './shared/edit/edit.ts'
import { encodedLike, fileText } from './shared/encoding.ts'
import { formatOf, formats } from './shared/file-format.ts'

const params = mapping({
  file: targetPath('the file, on the target or in a service'),
  in: optional(service('the service that the file is inside of')),
  as: optional(oneOf(formats, 'its format, when the name does not tell')),
  set: optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      minProperties: 1,
      additionalProperties: true,
      'x-is': 'fields',
      description: 'JSONPath → value; parents are made',
    }),
  ),
  unset: optional(listOf(jsonPath('a path'), 'paths that are removed')),
  merge: optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'merged into the document',
    }),
  ),
  content: optional(text('the whole new text')),
  then: optional(
    commandsOrSignals(
      'commands, or signals ({signal: HUP}), that make it effective; run again after the undo',
      signals,
    ),
  ),
  idempotent: optional(flag('applies twice and demands that the second time changes nothing')),
})
type Params = Static<typeof params>

/** Edits a file; the pre-image is journalled first. */
export const applyConfig = defineStep({
  name: 'apply-config',
  summary: 'Edits a file of the target or a service, and makes it effective; put back byte for byte.',
  effect: 'changes',
  params,
  reading: { changed: { description: 'whether the bytes differ from before', type: 'boolean' } },
  timeout: '5m',
  examples: [
    {
      file: 'config.json',
      in: 'gateway',
      set: { '$.workers.limit': 3 },
      then: { signal: 'HUP' },
    },
  ],
  describe: (raw) => {
    const { file, in: inside } = raw as Params
    const where = inside === undefined ? file : `${file} in ${inside}`
    return [{ does: `edits ${where}`, undo: `${where} is put back byte for byte, then \`then\` again`, endsBy: 'undo' }]
  },
  check: (raw, context) => checkParams(raw as Params, context),
  run: async (said, context) => {
    const changed = await apply(said, context)
    if (said.idempotent) await demandIdempotent(said, context)
    return { fields: { changed }, says: changed ? 'changed' : 'was so already' }
  },
})

/** Whether the file is another one than before, once `then` has run. */
async function apply(said: Params, context: Context, again = false): Promise<boolean> {
  const { target } = context
  const before = await lookAt(said, target)
  if (!before && said.content === undefined && formatOf(said.file, said.as) === 'text')
    throw new CheckFailure(`${said.file} is not there`)
  const bytes = await edited(said, before?.bytes)
  const change = await target.replaceFile(said.file, bytes, {
    in: said.in,
    then: said.then,
    thenTimeout: context.measure('5m'),
  })
  // The second time nothing has to change.
  const { inEffect: _, ...unproven } = change
  await context.change(again ? unproven : change)
  const after = await lookAt(said, target)
  return !isSame(before, after)
}

interface Seen {
  readonly bytes: Uint8Array
  readonly mode: string
  readonly owner: string
}

async function lookAt({ file, in: inside }: Params, target: Target): Promise<Seen | undefined> {
  const at = target.file(file, { in: inside })
  const info = await at.files.stat(at.path)
  const bytes = info && (await at.files.read(at.path))
  return info && bytes && { bytes, mode: info.mode, owner: `${info.uid}:${info.gid}` }
}

function isSame(one: Seen | undefined, other: Seen | undefined): boolean {
  if (!one || !other) return one === other
  return one.mode === other.mode && one.owner === other.owner && Buffer.from(one.bytes).equals(Buffer.from(other.bytes))
}

async function edited(said: Params, before: Uint8Array | undefined): Promise<Uint8Array> {
  if (said.content !== undefined) return Buffer.from(said.content)
  const old = before ?? new Uint8Array()
  const text = fileText(old)
  // Another encoding would be lost when it is written.
  if (isIncomplete(text)) throw new CheckFailure(`${said.file} can't be edited: ${text.why}`)
  return encodedLike(old, await edit(formatOf(said.file, said.as), text, said))
}

/** The second time must change nothing, also not by `then`, succeed, and leave every service as it was. */
async function demandIdempotent(said: Params, context: Context): Promise<void> {
  const before = await startsOf(context)
  if (await apply(said, context, true)) throw new CheckFailure('not idempotent: applied again, the file changed again')
  const after = await startsOf(context)
  const moved = [...before].filter(([name, start]) => after.get(name) !== start).map(([name]) => name)
  if (moved.length > 0) throw new CheckFailure(`not idempotent: applied again, ${moved.join(', ')} was started anew`)
}

async function startsOf({ target }: Context): Promise<Map<string, string>> {
  const states = target.services().map(async (name) => [name, (await target.service(name).state()).startedAt] as const)
  return new Map(await Promise.all(states))
}

function* checkParams(said: Params, { place, finding }: CheckContext) {
  const ways = ['set', 'unset', 'merge', 'content'].filter((key) => key in said)
  if (ways.length === 0)
    yield finding(place, 'no-edit', 'nothing is edited', 'write `set`, `unset`, `merge` or `content`')
  if (said.content !== undefined && ways.length > 1)
    yield finding(
      placeAt(place, 'content'),
      'two-edits',
      '`content` is the whole text, so nothing else can be edited',
      'keep one of them',
    )
  if (['toml', 'ini'].includes(formatOf(said.file ?? '', said.as)) && said.content === undefined)
    yield finding(
      placeAt(place, 'file'),
      'not-built',
      'editing TOML and INI files is part of the language, but not built yet',
      'give the whole `content`',
    )
  yield* checkSignals(said, { place, finding })
  for (const path of Object.keys(said.set ?? {})) {
    if (path.includes('${{') || !path.startsWith('$') || isSingular(path)) continue
    yield finding(
      placeOfKey(place, 'set', path),
      'not-singular',
      `${path} may mean several values`,
      'name each key: $.a.b[0]',
    )
  }
}

/** A signal goes to the service that the file is in, or to a named one. */
function* checkSignals(said: Params, { place, finding }: Pick<CheckContext, 'place' | 'finding'>) {
  const thens: readonly unknown[] = Array.isArray(said.then) ? said.then : [said.then]
  for (const [index, then] of thens.entries()) {
    if (typeof then !== 'object' || then === null || !('signal' in then)) continue
    if ('service' in then || said.in !== undefined) continue
    const at = Array.isArray(said.then) ? placeAt(place, 'then', index) : placeAt(place, 'then')
    yield finding(at, 'no-service', 'nobody is named who gets the signal', 'write {signal: HUP, service: NAME}')
  }
}

function isSingular(path: string): boolean {
  try {
    return singularKeys(path) !== undefined
  } catch {
    return true
  }
}
