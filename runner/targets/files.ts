/** Replacing a file as a change: undo puts the pre-image back, byte for byte, and runs `then` again. */
import { createHash } from 'node:crypto'
import { type Command, quote, says, toShell } from '../contracts/command.ts'
import { CheckFailure } from '../contracts/errors.ts'
import type { Files, Target } from '../contracts/target.ts'
import { type Change, DRIFTED } from '../contracts/undo.ts'

interface Place {
  readonly path: string
  /** The path as the plan has it. */
  readonly said: string
  readonly files: Files
  readonly exec: Target['exec']
  readonly directory: string
}

interface Options {
  readonly in?: string | undefined
  readonly then?: readonly Command[] | undefined
  readonly thenTimeout?: number | undefined
}

export async function replaceFile(place: Place, bytes: Uint8Array, options: Options): Promise<Change> {
  const before = await place.files.read(place.path)
  const { then = [], in: inside } = options
  const touches = [{ file: place.path, ...(inside === undefined ? {} : { in: inside }) }]
  return {
    does: `writes ${place.said}${inside === undefined ? '' : ` in ${inside}`}`,
    touches,
    undo: {
      of: 'change',
      title: `${place.said}${inside === undefined ? '' : ` in ${inside}`} is as it was`,
      touches,
      settles: 2_000,
      ends: { by: 'undo' },
      keeps: {
        ...(before ? { 'pre-image': before } : {}),
        ...(then.length > 0 ? { then: Buffer.from(thenScript(then, place, inside)) } : {}),
      },
      sh: undoOf(place.path, before, bytes, then.length > 0),
      verify: verifyOf(place.path, before),
    },
    apply: async () => {
      await place.files.write(place.path, bytes)
      for (const command of then) await runThen(command, place, options)
    },
    inEffect: async () => {
      const now = await place.files.read(place.path)
      return now && hash(now) === hash(bytes)
        ? { yes: true, evidence: `${place.said} is written` }
        : { yes: false, why: `${place.said} has other bytes` }
    },
  }
}

async function runThen(command: Command, place: Place, { in: inside, thenTimeout }: Options): Promise<void> {
  const exit = await place.exec(command, { in: inside, timeout: thenTimeout })
  if (exit.code === 0) return
  const words = Buffer.from(exit.stderr).toString().trim() || Buffer.from(exit.stdout).toString().trim()
  const how = exit.timedOut ? 'did not end in time' : `exits with ${exit.code}`
  throw new CheckFailure(`\`then\` ${how}: ${says(command)}`, { last: words.split('\n').slice(-5).join('\n') })
}

/** Values of the commands may be secrets, so this is kept in a file of its own, for its owner only. */
function thenScript(then: readonly Command[], place: Place, inside: string | undefined): string {
  const folder = inside === undefined ? place.directory : place.path.slice(0, place.path.lastIndexOf('/'))
  return [`cd ${quote(folder)} || exit 1`, ...then.map((command) => `( ${toShell(command)}\n) || exit $?`), ''].join(
    '\n',
  )
}

const HASH = `hash() { { sha256sum 2>/dev/null || shasum -a 256; } <"$1" | cut -d' ' -f1; }`

/** Equal to the pre-image is done; equal to what was written is put back; anything else is somebody else's, and left alone. */
function undoOf(path: string, before: Uint8Array | undefined, after: Uint8Array, hasThen: boolean): string {
  const back = before ? `cat "\${0%.*}.pre-image" >"$file" || exit 1` : `rm -f "$file" || exit 1`
  const isBack = before ? `[ "$now" = ${hash(before)} ]` : `[ ! -e "$file" ]`
  return `file=${quote(path)}
${HASH}
[ -d "$(dirname "$file")" ] || exit 0
now=$([ -e "$file" ] && hash "$file")
if ! ${isBack}; then
  [ "$now" = ${hash(after)} ] || { echo "$file was changed by somebody else meanwhile" >&2; exit ${DRIFTED}; }
  ${back}
fi
${hasThen ? 'exec sh "${0%.*}.then"' : 'exit 0'}`
}

function verifyOf(path: string, before: Uint8Array | undefined): string {
  return `file=${quote(path)}
${HASH}
[ -d "$(dirname "$file")" ] || exit 0
${before ? `[ "$(hash "$file")" = ${hash(before)} ]` : `[ ! -e "$file" ]`} || { echo "$file is not as it was" >&2; exit 1; }`
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
