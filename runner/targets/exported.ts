import { type Command, quote, toShell } from '../contracts/command.ts'

/** The same command with the target's environment, for scripts that run without the runner. */
export function exported(command: Command, environment: Readonly<Record<string, string>> = {}): Command {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`)
  return exports.length === 0 ? command : { sh: [...exports, toShell(command)].join('\n') }
}
