import { type Command, filledIn } from './command.ts'
import type { Output } from './errors.ts'
import type { Exit } from './transport.ts'

/** The output of a command, for the failure it explains. */
export function writtenBy(command: Command, { stdout, stderr, cut }: Pick<Exit, 'stdout' | 'stderr' | 'cut'>): Output {
  return { of: `\`${filledIn(command)}\``, stdout, stderr, cut }
}
