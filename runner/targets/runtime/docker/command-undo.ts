/** A command inside a container as an undo: run there by the Engine, with nothing but `sh` outside. */
import { type Command, quote, toShell } from '../../../contracts/command.ts'
import type { FileUndo } from '../../../contracts/target.ts'
import { FORCE, NOTE } from '../../../contracts/undo.ts'
import { named } from './group.ts'
import type { Inspection } from './inspection.ts'

export interface InsideOptions {
  readonly directory: string
  /** Undefined: the container's own. */
  readonly user?: string | undefined
}

/** Its exit code is that of the command; a container that is gone counts as undone. */
export function commandUndoInside(
  of: Inspection,
  shell: string,
  command: Command,
  verify: Command | undefined,
  options: InsideOptions,
): FileUndo {
  const run = (words: string, kept: string) => `${shell}
${INSIDE}
look ${of.Id}
case $state in
  running) ;;
  gone) ${words}; exit 0 ;;
  *) refuse ${quote(`nothing can be run in ${named(of).name}`)}", which is $state: it is started again first" ;;
esac
inside ${of.Id} "$kept.${kept}"`
  return {
    sh: run(`echo ${quote(`${NOTE}${named(of).name} was removed by somebody else meanwhile`)}`, 'inside'),
    verify: verify && run(':', 'inside-check'),
    keeps: {
      inside: execBodyOf(command, options),
      ...(verify ? { 'inside-check': execBodyOf(verify, options) } : {}),
    },
  }
}

/** Runs a command in a container and has its exit code; what it says in its failure goes to stderr. */
const INSIDE = `inside() {
  body=$2
  [ -z "$${FORCE}" ] || { body=$out.forced; sed 's/"Env":\\[/&"${FORCE}=1",/' "$2" >"$body"; }
  api POST "/containers/$1/exec" "$body"
  [ "$status" = 201 ] || refuse "a command can't be run in the container: $(said)"
  exec=$(sed -n 's/.*"Id":"\\([0-9a-f]*\\)".*/\\1/p' "$out")
  printf '{"Detach":false,"Tty":true}' >"$out.start"
  api POST "/exec/$exec/start" "$out.start"
  words=$(tail -c 400 "$out" | tr -d '\\r')
  api GET "/exec/$exec/json"
  code=$(sed -n 's/.*"ExitCode":\\([0-9]*\\),.*/\\1/p' "$out")
  [ "$code" = 0 ] || echo "$words" >&2
  return "\${code:-1}"
}`

/**
 * What the Engine takes to run it. Values may be secrets: they travel as a variable of the command, seen by its own user
 * alone, and in no argv but the one that the plan itself gives.
 */
function execBodyOf(command: Command, { directory, user }: InsideOptions): Uint8Array {
  const script = ['sh', '-c', 'eval "unset SD_SCRIPT\n$SD_SCRIPT"']
  return Buffer.from(
    JSON.stringify({
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
      Cmd: 'argv' in command ? command.argv : script,
      Env: ['SHAKEDOWN=1', ...('argv' in command ? [] : [`SD_SCRIPT=${toShell(command)}`])],
      WorkingDir: directory,
      ...(user === undefined ? {} : { User: user }),
    }),
  )
}
