import { posix } from 'node:path'
import { quote } from '../../runner/contracts/command.ts'
import { CheckFailure } from '../../runner/contracts/errors.ts'
import { defineFault, type FaultContext, type Options } from '../../runner/contracts/fault.ts'
import { service, Type, targetPath, text } from '../../runner/contracts/params.ts'
import type { FileInfo } from '../../runner/contracts/transport.ts'
import { type Change, DRIFTED, FORCE } from '../../runner/contracts/undo.ts'
import { parseSize } from '../../runner/contracts/units.ts'
import { overwritten } from '../shared/overwritten.ts'

const options = {
  in: service('the service that the file is inside of'),
  content: text('the whole text that it has instead'),
  truncate: Type.String({ pattern: '^\\d+(\\.\\d+)?\\s?[KMGT]?i?B$', description: 'how much of it is left' }),
  mode: Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    'x-is': 'text',
    pattern: '^(0o)?[0-7]{3,4}$',
    description: 'its permissions, octal, such as "000"',
  }),
  missing: Type.Unsafe<true>({ type: 'boolean', enum: [true], description: 'it is not there' }),
}
type Given = Options<typeof options>

const ways = ['content', 'truncate', 'mode', 'missing'] as const

/** A file or a folder that is not as it should be. */
export const file = defineFault({
  name: 'file',
  summary: 'Breaks a file: other content, cut short, other permissions, or not there at all.',
  params: targetPath('the file, on the target or in a service'),
  options,
  examples: [
    { file: '/etc/app.json', in: 'gateway', content: '{' },
    { file: '/data/wal', in: 'database', truncate: '1KiB' },
    { file: '/data', in: 'database', mode: '000' },
    { file: '/run/secret', in: 'gateway', missing: true },
  ],
  describe: (path, given) => {
    const { in: inside } = given
    return [
      {
        does: wordsOf(path, given),
        undo: `${path}${inside ? ` in ${inside}` : ''} is put back as it was`,
        endsBy: 'undo',
      },
    ]
  },
  services: () => [],
  check: function* (_path, given, { place, finding }) {
    const said = ways.filter((way) => given[way] !== undefined)
    if (said.length === 1) return
    const message = said.length === 0 ? 'nothing is done to the file' : `here are ${said.join(' and ')}`
    yield finding(place, 'one-way', `${message}, and one is wanted`, `write one of ${ways.join(', ')}`)
  },
  prepare: async (path, given, context) => {
    const change = await changeOf(path, given, context)
    return [{ ...change, does: wordsOf(path, given) }]
  },
  preflight: async (_path, { target }, { in: inside, mode, missing }) => {
    if (inside === undefined || inside.includes('${{') || (mode === undefined && missing === undefined))
      return undefined
    return target.service(inside).lacks?.('hold')
  },
})

function wordsOf(path: string, { in: inside, truncate, mode, missing }: Given): string {
  const where = inside === undefined ? path : `${path} in ${inside}`
  if (truncate !== undefined) return `cuts ${where} off after ${truncate}`
  if (mode !== undefined) return `gives ${where} the mode ${mode}`
  return missing === undefined ? `gives ${where} other content` : `takes ${where} away`
}

async function changeOf(path: string, given: Given, context: FaultContext): Promise<Change> {
  const { in: inside, content, truncate, mode } = given
  if (content !== undefined) return overwritten(path, Buffer.from(content), inside, context)
  if (truncate !== undefined) return cutOff(path, Math.round(parseSize(truncate) ?? 0), inside, context)
  const before = await infoOf(path, inside, context)
  return mode === undefined ? takenAway(path, inside, context) : withMode(path, octal(mode), before, inside, context)
}

async function cutOff(path: string, size: number, inside: string | undefined, context: FaultContext): Promise<Change> {
  const at = context.target.file(path, { in: inside })
  const before = await at.files.read(at.path)
  if (before === undefined) throw new CheckFailure(`${path} is not there`)
  if (before.length > size) return overwritten(path, before.subarray(0, size), inside, context)
  throw new CheckFailure(`${path} has no more than ${before.length} bytes`, { hint: 'give a smaller `truncate`' })
}

async function infoOf(path: string, inside: string | undefined, { target }: FaultContext): Promise<FileInfo> {
  const at = target.file(path, { in: inside })
  const info = await at.files.stat(at.path)
  if (info) return info
  throw new CheckFailure(`${path} is not there${inside === undefined ? '' : ` in ${inside}`}`)
}

/** The name before and after with four figures. */
function octal(mode: string | number): string {
  return String(mode).replace(/^0o/, '').padStart(4, '0')
}

/** Modes are told by `stat`, which macOS writes otherwise. */
const MODE_NOW = 'now=$(stat -c %a "$file" 2>/dev/null || stat -f %Lp "$file")'

async function withMode(
  path: string,
  mode: string,
  { mode: before }: FileInfo,
  inside: string | undefined,
  { target }: FaultContext,
): Promise<Change> {
  if (before === mode) throw new CheckFailure(`${path} has the mode ${mode} already`)
  const at = target.file(path, { in: inside })
  const plain = (octal: string) => octal.replace(/^0+(?=.)/, '')
  const name = `file=${quote(at.path)}`
  const undo = `${name}
[ -e "$file" ] || { echo "$file is gone" >&2; exit ${DRIFTED}; }
${MODE_NOW}
[ "$now" = ${plain(before)} ] && exit 0
[ "$now" = ${plain(mode)} ] || [ -n "$${FORCE}" ] || { echo "$file has the mode $now, which somebody else gave it" >&2; exit ${DRIFTED}; }
chmod ${before} "$file"`
  const verify = `${name}\n${MODE_NOW}\n[ "$now" = ${plain(before)} ]`
  return commandChange(path, `chmod ${mode} ${quote(at.path)}`, { undo, verify }, inside, target, async () => {
    const now = await at.files.stat(at.path)
    if (now?.mode !== mode) return { yes: false, why: `${path} has the mode ${now?.mode ?? 'of nothing: it is gone'}` }
    return { yes: true, evidence: `${path} has the mode ${mode}, and had ${before}` }
  })
}

/** It is moved aside and not deleted: owner, links and content come back as they were, of a folder, too. */
async function takenAway(path: string, inside: string | undefined, { target }: FaultContext): Promise<Change> {
  const at = target.file(path, { in: inside })
  const aside = posix.join(posix.dirname(at.path), `.${posix.basename(at.path)}.shakedown`)
  const names = `file=${quote(at.path)} aside=${quote(aside)}
is() { [ -e "$1" ] || [ -L "$1" ]; }`
  const take = `${names}
if is "$aside"; then echo "$aside is there already" >&2; exit 1; fi
mv "$file" "$aside"`
  const undo = `${names}
is "$aside" || exit 0
if is "$file" && [ -z "$${FORCE}" ]; then
  echo "$file was made by somebody else meanwhile; what it was is $aside" >&2
  exit ${DRIFTED}
fi
rm -rf "$file" && mv "$aside" "$file"`
  const verify = `${names}\nis "$file" && ! is "$aside"`
  return commandChange(path, take, { undo, verify }, inside, target, async () => {
    if (await at.files.stat(at.path)) return { yes: false, why: `${path} is there again` }
    return { yes: true, evidence: `${path} is not there` }
  })
}

async function commandChange(
  path: string,
  sh: string,
  back: { readonly undo: string; readonly verify: string },
  inside: string | undefined,
  target: FaultContext['target'],
  inEffect: NonNullable<Change['inEffect']>,
): Promise<Change> {
  const at = target.file(path, { in: inside })
  const touches = inside === undefined ? [{ file: at.path }] : [{ file: at.path, in: inside }, { service: inside }]
  return {
    does: sh,
    touches,
    undo: {
      of: 'fault',
      title: `${path}${inside === undefined ? '' : ` in ${inside}`} is as it was`,
      touches,
      settles: 2_000,
      ends: { by: 'undo' },
      ...(await target.commandUndo({ sh: back.undo }, { sh: back.verify }, { in: inside, user: 'root' })),
    },
    apply: async () => {
      const { code, stdout, stderr } = await target.exec({ sh }, { in: inside, user: 'root', timeout: 10_000 })
      if (code !== 0)
        throw new CheckFailure(
          Buffer.from(stderr.length > 0 ? stderr : stdout)
            .toString()
            .trim(),
        )
    },
    inEffect,
  }
}
