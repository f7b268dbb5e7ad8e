/** How a file inside a container is put back with nothing but `sh` and `tar` outside: by the Engine's archives, or by a command inside. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { type Command, quote, toShell } from '../../../contracts/command.ts'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { FileUndo } from '../../../contracts/target.ts'
import { DRIFTED, FORCE } from '../../../contracts/undo.ts'
import { DRIFT, PRIVATE } from '../../drift.ts'
import type { Engine } from './engine.ts'
import { type Entry, headOf, packed, readEntry } from './files.ts'
import { isMounted, isUnseen } from './files-by-exec.ts'
import { named } from './group.ts'
import { commandBody, execBody, INSIDE } from './inside-script.ts'
import type { Inspection } from './inspection.ts'
import { endsWhenGone } from './scripts.ts'

/** A pre-image that travels as environment of a command has to fit there, in bytes. */
const MOST_INSIDE = 1024 * 1024
/** Longest single variable, in characters: Linux takes 128 KiB. */
const PIECE = 100_000

export interface FileChange {
  readonly path: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
  readonly then: readonly Command[]
  readonly directory: string
}

/** `done` remembers that `then` went well. A container that is gone counts as undone. */
export async function fileUndoInside(
  engine: Engine,
  of: Inspection,
  shell: string,
  change: FileChange,
): Promise<FileUndo> {
  const entry: Entry = isUnseen(of, change.path) ? { path: change.path } : await readEntry(engine, of.Id, change.path)
  const byCommand = isUnseen(of, change.path) || isMounted(of, entry.path)
  const way = byCommand ? insideWay(of, entry.path, change) : await archiveWay(of, entry, change)
  const { then } = change
  const thens = then.map(
    (command, index) =>
      [`then-${index + 1}`, commandBody({ sh: toShell(command) }, { directory: change.directory })] as const,
  )
  const start = preamble(of, shell, entry.path)
  return {
    keeps: { ...way.keeps, ...Object.fromEntries(thens) },
    sh: `${start}
[ -e "$kept.done" ] && exit 0
${way.sh}
case $state in
  running) ${then.map((_, index) => `inside ${of.Id} "$kept.then-${index + 1}" || exit 1`).join('; ') || ':'} ;;
  exited | created | dead) ${then.length > 0 ? `echo "${named(of).name} is $state, so what makes $file effective was not run: it reads it when it starts"` : ':'} ;;
  *) ${then.length > 0 ? `refuse "${named(of).name} is $state, so no command can be run in it"` : ':'} ;;
esac
: >"$kept.done"
exit 0`,
    verify: `${start}
${way.verify}`,
  }
}

interface Way {
  readonly keeps: Readonly<Record<string, Uint8Array>>
  readonly sh: string
  readonly verify: string
}

/** What is put back is an archive that was made beforehand, with its mode and owner. */
async function archiveWay(
  of: Inspection,
  { path, head }: Entry,
  { before, after, directory }: FileChange,
): Promise<Way> {
  const at = `/containers/${of.Id}/archive?path=`
  const keeps: Record<string, Uint8Array> = before
    ? { 'pre-image': await packed({ ...headOf(head, undefined), name: posix.basename(path), type: 'file' }, before) }
    : { remove: execBody(['rm', '-f', path], { directory }) }
  const replace = `api PUT "${at}${encodeURIComponent(posix.dirname(path))}" "$kept.pre-image" application/x-tar
  [ "$status" = 200 ] || refuse "$file can't be written: $(said)"`
  const now = `api GET "${at}${encodeURIComponent(path)}"
case $status in
  200) now=$(tar -xOf "$out" | if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1) ;;
  404) now= ;;
  *) refuse "$file can't be read: $(said)" ;;
esac`
  return {
    keeps,
    sh: `${now}
if ${isBack(before)}; then :
elif [ "$now" = '${hash(after)}' ] || [ -n "$${FORCE}" ]; then
  ${before ? replace : `inside ${of.Id} "$kept.remove" || refuse "$file can't be removed"`}
else
  ${before ? 'tar -xOf "$kept.pre-image" >"$out.before"' : ':'}
  [ -z "$now" ] || tar -xOf "$out" >"$out.now"
  ${isForAll(head) ? '' : `: >"$kept.${PRIVATE}"\n  `}  drift "$file" "$out.before" "$out.now"
  exit ${DRIFTED}
fi`,
    verify: `${now}
${isBack(before)} || refuse "$file is not as it was"`,
  }
}

/** Below a tmpfs, or a mounted file: one that does not run any more has lost the one, and can't be told of the other. */
function insideWay({ Id }: Inspection, path: string, { before, after, directory }: FileChange): Way {
  if (before && before.length > MOST_INSIDE)
    throw new CheckFailure(`${path} could not be put back: it is mounted, and larger than ${MOST_INSIDE} bytes`)
  const text = before ? Buffer.from(before).toString('base64') : ''
  const pieces = text.match(new RegExp(`.{1,${PIECE}}`, 'g')) ?? []
  const words = pieces.map((_, index) => `"$SD_${index}"`).join(' ')
  const look = `now=; [ -e "$SD_FILE" ] && now=$(sha256sum <"$SD_FILE" | cut -d' ' -f1)`
  const back = before ? `printf %s ${words || "''"} | base64 -d >"$SD_FILE"` : 'rm -f "$SD_FILE"'
  const unlessBack = `${look}\n${isBack(before)} && exit 0\n`
  const unlessDrifted = `[ "$now" = '${hash(after)}' ] || [ -n "$${FORCE}" ] || { echo "$SD_FILE was changed by somebody else meanwhile"; exit ${DRIFTED}; }\n`
  const check = `${look}\n${isBack(before)} || { echo "$SD_FILE is not as it was"; exit 1; }`
  const environment = [`SD_FILE=${path}`, ...pieces.map((piece, index) => `SD_${index}=${piece}`)]
  const run = (kept: string, otherwise: string) => `if [ "$state" = running ]; then
  inside ${Id} "$kept.${kept}"
  case $code in 0) ;; ${DRIFTED}) exit ${DRIFTED} ;; *) exit 1 ;; esac
else ${otherwise}; fi`
  return {
    keeps: {
      'put-back': execBody(['sh', '-c', `${unlessBack}${unlessDrifted}${back}`], { directory, environment }),
      check: execBody(['sh', '-c', check], { directory, environment: environment.slice(0, 1) }),
    },
    sh: run('put-back', 'refuse "the container is $state, and $file can only be put back while it runs"'),
    verify: run('check', ':'),
  }
}

function preamble(of: Inspection, shell: string, path: string): string {
  return `${shell}
file=${quote(path)}
look ${of.Id}
${endsWhenGone(named(of).name)}
${INSIDE}
${DRIFT}`
}

/** Whether everybody may read it. */
function isForAll(head: Entry['head']): boolean {
  return head?.mode === undefined || (head.mode & 0o004) !== 0
}

function isBack(before: Uint8Array | undefined): string {
  return before ? `[ "$now" = '${hash(before)}' ]` : '[ -z "$now" ]'
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
