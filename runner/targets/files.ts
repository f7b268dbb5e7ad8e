/** Replacing a file as a change: undo puts the pre-image back, byte for byte, and runs `then` again. */
import { createHash } from 'node:crypto'
import { lastLines } from '../base/brief.ts'
import { type Command, quote, says, toShell } from '../contracts/command.ts'
import { CheckFailure, isError, messageOf, TargetError } from '../contracts/errors.ts'
import type { FileUndo, Service, Target } from '../contracts/target.ts'
import type { Files } from '../contracts/transport.ts'
import { type Change, DRIFTED, type Effective, FORCE } from '../contracts/undo.ts'
import { DRIFT } from './drift.ts'
import { exported } from './exported.ts'

export interface FilePlace {
  readonly files: Files
  /** Absolute. */
  readonly path: string
  /** The path as the plan has it. */
  readonly says: string
  readonly exec: Target['exec']
  /** Where `then` runs. */
  readonly directory: string
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly shell?: string | undefined
  /** How the service that it is in puts its files back; absent where they are files of the target. */
  readonly fileUndo?: Service['fileUndo']
}

interface Options {
  readonly in?: string | undefined
  readonly then?: readonly Command[] | undefined
  readonly thenTimeout?: number | undefined
}

export async function replaceFile(place: FilePlace, bytes: Uint8Array, options: Options): Promise<Change> {
  const before = await allowed(`${place.says} can't be read`, place.files.read(place.path))
  const { then = [], in: inside } = options
  const touches = [{ file: place.path, ...(inside === undefined ? {} : { in: inside }) }]
  const subject = inside === undefined ? place.says : `${place.says} in ${inside}`
  return {
    does: `writes ${subject}`,
    touches,
    undo: {
      of: 'change',
      title: `${subject} is as it was`,
      touches,
      settles: 2_000,
      ends: { by: 'undo' },
      holds: [...(before ? [before] : []), bytes],
      ...((await place.fileUndo?.(
        place.path,
        before,
        bytes,
        then.map((command) => exported(command, place.environment)),
      )) ?? undoHere(place, before, bytes, then)),
    },
    apply: async () => {
      await allowed(`${place.says} can't be written`, place.files.write(place.path, bytes))
      for (const command of then) await runThen(command, place, options)
    },
    inEffect: async () => effectOf(place, before, bytes),
  }
}

/** What a system refuses is a fault of the environment, and no bug. */
async function allowed<T>(otherwise: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isError(error, 'target') || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw new TargetError(`${otherwise}: ${messageOf(error)}`, { cause: error })
  }
}

function undoHere(
  place: FilePlace,
  before: Uint8Array | undefined,
  after: Uint8Array,
  then: readonly Command[],
): FileUndo {
  return {
    keeps: { ...(before ? { 'pre-image': before } : {}), ...thenFiles(then, place) },
    sh: undoOf(place, before, after, then.length),
    verify: verifyOf(place.path, before),
  }
}

async function runThen(command: Command, place: FilePlace, { in: inside, thenTimeout }: Options): Promise<void> {
  const exit = await place.exec(command, { in: inside, timeout: thenTimeout })
  if (exit.code === 0) return
  const words = Buffer.from(exit.stderr).toString().trim() || Buffer.from(exit.stdout).toString().trim()
  const how = exit.timedOut ? 'did not end in time' : `exits with ${exit.code}`
  throw new CheckFailure(`\`then\` ${how}: ${says(command)}`, { last: lastLines(words, 5) })
}

/** `then` may have gone over the file itself, so what counts is that it is no longer what it was. */
async function effectOf(
  { files, path, says: said }: FilePlace,
  before: Uint8Array | undefined,
  bytes: Uint8Array,
): Promise<Effective> {
  const now = await files.read(path)
  if (now && hash(now) === hash(bytes)) return { yes: true, evidence: `${said} is written` }
  if (now && !(before && hash(now) === hash(before)))
    return { yes: true, evidence: `${said} is written, and was gone over since` }
  return { yes: false, why: now ? `${said} is as it was` : `${said} is not there` }
}

/** Values of the commands may be secrets, so each stands in a file of its own that only its owner can read. */
function thenFiles(then: readonly Command[], place: FilePlace): Record<string, Uint8Array> {
  const file = (command: Command) => Buffer.from(`${toShell(exported(command, place.environment))}\n`)
  return Object.fromEntries(then.map((command, index) => [`then-${index + 1}`, file(command)]))
}

/**
 * Equal to the pre-image is put back already; equal to what was written is put back now, by a rename, since a half
 * written file would be nobody's; anything else is somebody else's and left alone. A folder that is gone counts as undone.
 * `done` remembers that `then` went well: an undo that is tried again must not take the file alone for the whole.
 */
function undoOf(place: FilePlace, before: Uint8Array | undefined, after: Uint8Array, thens: number): string {
  const { directory, shell = 'sh' } = place
  const then = (index: number) => `${shell} "$kept.then-${index + 1}" </dev/null || exit 1`
  return `${preamble(place.path)}
${DRIFT}
kept=\${0%.*}
case $kept in /*) ;; *) kept=$PWD/$kept ;; esac
[ -e "$kept.done" ] && exit 0
# What a writer that was killed has left.
rm -f "$beside"*.tmp
now=$(hash)
if ${isBack(before)}; then :
elif [ "$now" = '${hash(after)}' ] || [ -n "$${FORCE}" ]; then
  ${before ? RESTORE : 'rm -f "$file" || exit 1'}
else
  drift "$file" "$kept.pre-image" "$file"
  exit ${DRIFTED}
fi
${thens === 0 ? '' : [`cd ${quote(directory)} || exit 0`, ...Array.from({ length: thens }, (_, index) => then(index)), ''].join('\n')}: >"$kept.done"
exit 0`
}

/** \`cp -p\` first: the copy has the mode and the owner, and then gets the bytes. */
const RESTORE = `new=$beside$$.tmp
  cp -p "$file" "$new" && cat "$kept.pre-image" >"$new" && mv -f "$new" "$file" || { rm -f "$new"; exit 1; }`

function verifyOf(path: string, before: Uint8Array | undefined): string {
  return `${preamble(path)}
now=$(hash)
${isBack(before)} || { echo "$file is not as it was" >&2; exit 1; }`
}

function isBack(before: Uint8Array | undefined): string {
  return before ? `[ "$now" = '${hash(before)}' ]` : '[ ! -e "$file" ]'
}

/** A link is followed and not replaced. */
function preamble(path: string): string {
  return `file=${quote(path)}
[ -L "$file" ] && file=$(readlink -f "$file")
[ -d "$(dirname "$file")" ] || exit 0
beside=$(dirname "$file")/.$(basename "$file").shakedown-
hash() {
  [ -e "$file" ] || return 0
  if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi <"$file" | cut -d' ' -f1
}`
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
