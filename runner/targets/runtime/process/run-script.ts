/** The `run` file of a service: what the supervisor starts. */
import { type Command, quote, toShell } from '../../../contracts/command.ts'
import { MARKER, markerOf } from './shell.ts'

export interface RunParts {
  readonly stack: string
  /** Where it starts. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly command: Command
}

export function runScript({ stack, folder, environment, command }: RunParts): string {
  const exports = Object.entries({ ...environment, [MARKER]: markerOf(stack) }).map(
    ([name, value]) => `export ${name}=${quote(value)}`,
  )
  // An argv takes the place of the shell, so that signals reach it.
  const start = 'argv' in command ? `exec ${toShell(command)}` : toShell(command)
  return [`cd ${quote(folder)} || exit 126`, ...exports, start, ''].join('\n')
}
