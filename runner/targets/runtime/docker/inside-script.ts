/** Commands inside a container as an undo runs them: by the Engine, with nothing but `sh` outside. */
import { type Command, toShell } from '../../../contracts/command.ts'
import { FORCE } from '../../../contracts/undo.ts'

/**
 * Defines for a script: `inside CONTAINER BODYFILE`, which runs a command there and has its exit code, also in `$code`; what it
 * says in its failure goes to stderr. Whoever goes over somebody else's change does so inside, too, and \`$after\` is told there as
 * SD_AFTER.
 */
export const INSIDE = `inside() {
  body=$2
  more=
  [ -z "$${FORCE}" ] || more='"${FORCE}=1",'
  [ -z "$after" ] || more="$more\\"SD_AFTER=$after\\","
  [ -z "$more" ] || { body=$out.body; sed "s/\\"Env\\":\\[/&$more/" "$2" >"$body"; }
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

export interface InsideOptions {
  readonly directory?: string | undefined
  /** Undefined: the container's own. */
  readonly user?: string | undefined
  /** `NAME=value`. */
  readonly environment?: readonly string[]
}

/** What the Engine takes to run it. A terminal, so that its output comes as it is. */
export function execBody(
  argv: readonly string[],
  { directory, user, environment = [] }: InsideOptions = {},
): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
      Cmd: argv,
      // Never empty, so that one can be put before it.
      Env: ['SHAKEDOWN=1', ...environment],
      ...(directory === undefined ? {} : { WorkingDir: directory }),
      ...(user === undefined ? {} : { User: user }),
    }),
  )
}

/**
 * Values of a script may be secrets: they travel as a variable of the command, seen by its own user alone, and in no argv but
 * the one that the plan itself gives.
 */
export function commandBody(command: Command, options: InsideOptions): Uint8Array {
  if ('argv' in command) return execBody(command.argv, options)
  const environment = [`SD_SCRIPT=${toShell(command)}`]
  return execBody(['sh', '-c', 'eval "unset SD_SCRIPT\n$SD_SCRIPT"'], { ...options, environment })
}
