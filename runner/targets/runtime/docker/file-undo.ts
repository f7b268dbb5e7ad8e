/** How a file inside a container is put back with nothing but `sh` and `tar` outside: by the Engine's archives, or by a command inside. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { quote, toShell } from '../../../contracts/command.ts'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { FileUndo, ThenUndo } from '../../../contracts/target.ts'
import { AFTER, DRIFTED, FORCE } from '../../../contracts/undo.ts'
import { DRIFT, PRIVATE } from '../../drift.ts'
import type { Engine } from './engine.ts'
import { type Entry, headOf, packed, readEntry } from './files.ts'
import { isMounted, isUnseen, statInside } from './files-by-exec.ts'
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
  readonly then: readonly ThenUndo[]
  readonly directory: string
}

/** A file's state as scripts tell it: hash, mode and owner; undefined: it was not there. */
interface States {
  readonly was: string
  /** The written state. Mode and owner of a new file are not known, so it ends with a space. */
  readonly written: string
  readonly meta: { readonly mode: string; readonly owner: string } | undefined
}

/**
 * What was written, and what `then` made of it (kept as `after`, or `any` where the run ended before it could be), is ours.
 * `undoing` remembers that it was, and `done` that `then` went well. A container that is gone counts as undone.
 */
export async function fileUndoInside(
  engine: Engine,
  of: Inspection,
  shell: string,
  change: FileChange,
): Promise<FileUndo> {
  const unseen = isUnseen(of, change.path)
  const entry: Entry = unseen ? { path: change.path } : await readEntry(engine, of.Id, change.path, { take: 'head' })
  const byCommand = unseen || isMounted(of, entry.path)
  const states = statesOf(change, byCommand ? await ownerInside(engine, of, entry.path) : ownerOf(entry.head))
  const way = byCommand ? insideWay(of, entry.path, change, states) : await archiveWay(of, entry, change, states)
  const { then } = change
  const start = preamble(of, shell, entry.path, states)
  return {
    keeps: { ...way.keeps, ...thenFiles(change) },
    sh: `${start}
[ -e "$kept.done" ] && exit 0
after=$(cat "$kept.${AFTER}" 2>/dev/null)
${then.length > 0 ? '[ -n "$after" ] || after=any' : ''}
[ ! -e "$kept.undoing" ] || after=any
${way.functions}
put_back
true >"$kept.undoing"
${runAll(of, then)}
: >"$kept.done"
exit 0`,
    verify: `${start}
after=
${way.functions}
verify`,
  }
}

function statesOf({ before, after }: FileChange, owner: States['meta']): States {
  const meta = before && owner
  return {
    was: before ? `${hash(before)} ${meta?.mode} ${meta?.owner}` : 'none',
    written: before ? `${hash(after)} ${meta?.mode} ${meta?.owner}` : `${hash(after)} `,
    meta,
  }
}

function ownerOf(head: Entry['head']): States['meta'] {
  if (!head) return undefined
  return { mode: ((head.mode ?? 0o644) & 0o7777).toString(8), owner: `${head.uid ?? 0}:${head.gid ?? 0}` }
}

async function ownerInside(engine: Engine, of: Inspection, path: string): Promise<States['meta']> {
  const info = await statInside(engine, of, path)
  return info && { mode: info.mode.replace(/^0+(?=.)/, ''), owner: `${info.uid}:${info.gid}` }
}

function thenFiles({ then, directory }: FileChange): Record<string, Uint8Array> {
  const body = (one: ThenUndo) =>
    'script' in one ? Buffer.from(`${one.script}\n`) : commandBody({ sh: toShell(one.command) }, { directory })
  return Object.fromEntries(then.map((one, index) => [`then-${index + 1}`, body(one)]))
}

/** A signal is sent from outside, and passed over by itself where nothing runs. */
function runAll(of: Inspection, then: readonly ThenUndo[]): string {
  if (then.length === 0) return ''
  const runs = then.map((one, index) =>
    'script' in one
      ? `sh "$kept.then-${index + 1}" </dev/null || exit 1`
      : `inside ${of.Id} "$kept.then-${index + 1}" || exit 1`,
  )
  const { name } = named(of)
  return `look ${of.Id}
case $state in
  running)
    ${runs.join('\n    ')}
    after=any
    put_back ;;
  exited | created | dead) echo "${name} is $state, so what makes $file effective was not run: it reads it when it starts" ;;
  *) refuse "${name} is $state, so no command can be run in it" ;;
esac`
}

interface Way {
  readonly keeps: Readonly<Record<string, Uint8Array>>
  /** Shell that defines `put_back` and `verify`; either ends the script when it can't be done. */
  readonly functions: string
}

/** What is put back is an archive that was made beforehand, with its mode and owner. */
async function archiveWay(
  of: Inspection,
  { path, head }: Entry,
  { before, directory }: FileChange,
  { written }: States,
): Promise<Way> {
  const at = `/containers/${of.Id}/archive?path=`
  const keeps: Record<string, Uint8Array> = {
    remove: execBody(['rm', '-rf', path], { directory }),
    ...(before
      ? { 'pre-image': await packed({ ...headOf(head, undefined), name: posix.basename(path), type: 'file' }, before) }
      : {}),
  }
  const remove = `inside ${of.Id} "$kept.remove" || refuse "$file can't be removed"`
  const replace = `[ "$now" != other ] || { ${remove}; }
  api PUT "${at}${encodeURIComponent(posix.dirname(path))}" "$kept.pre-image" application/x-tar
  [ "$status" = 200 ] || refuse "$file can't be written: $(said)"`
  return {
    keeps,
    functions: `${ARCHIVE_STATE}
see() {
  api GET "${at}${encodeURIComponent(path)}"
  case $status in
    200) now=$(state "$out") ;;
    404) now=none ;;
    *) refuse "$file can't be read: $(said)" ;;
  esac
}
put_back() {
  see
  [ "$now" = "$was" ] && return 0
  case $now in ${patternOf(written)}) ;; *)
    [ "$after" = any ] || [ "$now" = "$after" ] || [ -n "$${FORCE}" ] || drifted ;;
  esac
  ${before ? replace : remove}
}
drifted() {
  ${before ? 'tar -xOf "$kept.pre-image" >"$out.before"' : ':'}
  [ "$now" = none ] || tar -xOf "$out" >"$out.now"
  ${isForAll(head) ? ':' : `: >"$kept.${PRIVATE}"`}
  drift "$file" "$out.before" "$out.now"
  ${before ? WORDS_OF_MODE : ':'}
  exit ${DRIFTED}
}
verify() { see; [ "$now" = "$was" ] || refuse "$file is not as it was"; }`,
  }
}

/** Mode and owner stand in the header of a tar archive, which may have another one before it (POSIX pax, \`x\`). */
const ARCHIVE_STATE = `field() { tail -c +$(($2 + 1)) "$1" | head -c "$3" | tr -d '\\000 '; }
state() {
  at=0
  while case $(field "$1" $((at + 156)) 1) in x | g) : ;; *) false ;; esac; do
    at=$((at + 512 + (0$(field "$1" $((at + 124)) 12) + 511) / 512 * 512))
  done
  case $(field "$1" $((at + 156)) 1) in 0 | '') ;; *) echo other; return ;; esac
  sum=$(tar -xOf "$1" | if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1)
  echo "$sum $(printf %o $((0$(field "$1" $((at + 100)) 8) & 4095))) $((0$(field "$1" $((at + 108)) 8))):$((0$(field "$1" $((at + 116)) 8)))"
}`

const WORDS_OF_MODE = `case $now in *' '*) [ "\${now#* }" = "\${was#* }" ] || echo "mode and owner were \${was#* }, and are \${now#* }" >&2 ;; esac`

/** Below a tmpfs, or a mounted file: one that does not run any more has lost the one, and can't be told of the other. */
function insideWay({ Id }: Inspection, path: string, { before, directory }: FileChange, states: States): Way {
  if (before && before.length > MOST_INSIDE)
    throw new CheckFailure(`${path} could not be put back: it is mounted, and larger than ${MOST_INSIDE} bytes`)
  const text = before ? Buffer.from(before).toString('base64') : ''
  const pieces = text.match(new RegExp(`.{1,${PIECE}}`, 'g')) ?? []
  const words = pieces.map((_, index) => `"$SD_${index}"`).join(' ')
  const { was, written, meta } = states
  const look = `if [ ! -e "$SD_FILE" ]; then now=none
elif [ ! -f "$SD_FILE" ]; then now=other
else now="$(sha256sum <"$SD_FILE" | cut -d' ' -f1) $(stat -c '%a %u:%g' "$SD_FILE")"; fi
[ "$now" = '${was}' ] `
  const unlessDrifted = `case $now in ${patternOf(written)}) ;; *)
  [ "$SD_AFTER" = any ] || [ "$now" = "$SD_AFTER" ] || [ -n "$${FORCE}" ] || { echo "$SD_FILE was changed by somebody else meanwhile"; exit ${DRIFTED}; } ;;
esac`
  const back =
    before && meta
      ? `[ ! -d "$SD_FILE" ] || rm -rf "$SD_FILE"
printf %s ${words || "''"} | base64 -d >"$SD_FILE" || exit 1
[ "$(stat -c %u:%g "$SD_FILE")" = ${meta.owner} ] || chown ${meta.owner} "$SD_FILE" || exit 1
[ "$(stat -c %a "$SD_FILE")" = ${meta.mode} ] || chmod ${meta.mode} "$SD_FILE"`
      : 'rm -rf "$SD_FILE"'
  const environment = [`SD_FILE=${path}`, ...pieces.map((piece, index) => `SD_${index}=${piece}`)]
  const run = (kept: string, otherwise: string) => `if [ "$state" = running ]; then
  inside ${Id} "$kept.${kept}"
  case $code in 0) ;; ${DRIFTED}) exit ${DRIFTED} ;; *) exit 1 ;; esac
else ${otherwise}; fi`
  return {
    keeps: {
      'put-back': execBody(['sh', '-c', `${look}&& exit 0\n${unlessDrifted}\n${back}`], { directory, environment }),
      check: execBody(['sh', '-c', `${look}|| { echo "$SD_FILE is not as it was"; exit 1; }`], {
        directory,
        environment: environment.slice(0, 1),
      }),
    },
    functions: `put_back() {
${run('put-back', 'refuse "the container is $state, and $file can only be put back while it runs"')}
}
verify() {
${run('check', ':')}
}`,
  }
}

/** A pattern of \`case\`: what ends with a space may end otherwise. */
function patternOf(state: string): string {
  return state.endsWith(' ') ? `'${state}'*` : `'${state}'`
}

function preamble(of: Inspection, shell: string, path: string, { was }: States): string {
  return `${shell}
file=${quote(path)} was='${was}'
look ${of.Id}
${endsWhenGone(named(of).name)}
${INSIDE}
${DRIFT}`
}

/** Whether everybody may read it. */
function isForAll(head: Entry['head']): boolean {
  return head?.mode === undefined || (head.mode & 0o004) !== 0
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
