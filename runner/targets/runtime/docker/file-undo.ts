/** How a file inside a container is put back by the Engine's archives, with nothing but `sh` and `tar` outside. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { type Command, quote, toShell } from '../../../contracts/command.ts'
import type { FileUndo } from '../../../contracts/target.ts'
import { DRIFTED, FORCE } from '../../../contracts/undo.ts'
import type { Inspection } from './inspection.ts'

export interface FileChange {
  readonly path: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
  readonly then: readonly Command[]
  readonly directory: string
}

/** `done` remembers that `then` went well. A container that is gone counts as undone. */
export function fileUndoInside(of: Inspection, shell: string, change: FileChange): FileUndo {
  const { before, after, then } = change
  const keeps = {
    ...(before ? { 'pre-image': before } : { remove: execBody(['rm', '-f', change.path], change.directory) }),
    ...Object.fromEntries(then.map((command, index) => [`then-${index + 1}`, commandBody(command, change.directory)])),
  }
  const start = preamble(of, shell, change)
  return {
    keeps,
    sh: `${start}
[ -e "$kept.done" ] && exit 0
now=$(hash)
if ${isBack(before)}; then :
elif [ "$now" = '${hash(after)}' ] || [ -n "$${FORCE}" ]; then
  ${before ? `replace || exit 1` : `inside "$kept.remove" || refuse "$file can't be removed"`}
else
  echo "$file was changed by somebody else meanwhile" >&2
  exit ${DRIFTED}
fi
${then.map((_, index) => `inside "$kept.then-${index + 1}" || exit 1`).join('\n')}
: >"$kept.done"
exit 0`,
    verify: `${start}
now=$(hash)
${isBack(before)} || refuse "$file is not as it was"`,
  }
}

/** Mode and owner come from the archive of what is there: its head is kept and the bytes are changed. */
function preamble(of: Inspection, shell: string, { path }: FileChange): string {
  const at = `/containers/${of.Id}/archive?path=`
  return `${shell}
file=${quote(path)}
look ${of.Id}
[ "$state" = gone ] && exit 0
fetch() {
  api GET "${at}${encodeURIComponent(path)}"
  case $status in 200) ;; 404) return 1 ;; *) refuse "$file can't be read: $(said)" ;; esac
}
hash() {
  fetch || return 0
  if command -v sha256sum >/dev/null 2>&1; then tar -xOf "$out" | sha256sum; else tar -xOf "$out" | shasum -a 256; fi | cut -d' ' -f1
}
replace() {
  fetch || return 1
  mkdir "$out.d" && tar -xpf "$out" -C "$out.d" || return 1
  set -- $(tar --numeric-owner -tvf "$out" | awk '{print $2; exit}' | tr / ' ')
  cat "$kept.pre-image" >"$out.d/${posix.basename(path)}" || return 1
  tar --numeric-owner --owner="$1" --group="$2" -cf "$out.tar" -C "$out.d" ${quote(posix.basename(path))} || return 1
  rm -rf "$out.d"
  api PUT "${at}${encodeURIComponent(posix.dirname(path))}" "$out.tar" application/x-tar
  [ "$status" = 200 ] || refuse "$file can't be written: $(said)"
}
inside() {
  api POST /containers/${of.Id}/exec "$1"
  [ "$status" = 201 ] || refuse "a command can't be run: $(said)"
  exec=$(sed -n 's/.*"Id":"\\([0-9a-f]*\\)".*/\\1/p' "$out")
  printf '{"Detach":false,"Tty":true}' >"$out.start"
  api POST "/exec/$exec/start" "$out.start"
  words=$(tail -c 400 "$out")
  api GET "/exec/$exec/json"
  grep -q '"ExitCode":0,' "$out" && return 0
  echo "$words" >&2
  return 1
}`
}

/** Its values may be secrets: they travel as a variable of the command, seen by its own user alone, and in no argv. */
function commandBody(command: Command, directory: string): Uint8Array {
  return execBody(['sh', '-c', 'eval "unset SD_SCRIPT\n$SD_SCRIPT"'], directory, [`SD_SCRIPT=${toShell(command)}`])
}

function execBody(argv: readonly string[], directory: string, environment: readonly string[] = []): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
      Cmd: argv,
      Env: environment,
      WorkingDir: directory,
    }),
  )
}

function isBack(before: Uint8Array | undefined): string {
  return before ? `[ "$now" = '${hash(before)}' ]` : '[ -z "$now" ]'
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
