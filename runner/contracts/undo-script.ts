import { type Command, quote, toShell } from './command.ts'
import type { Undo } from './undo.ts'

/**
 * A command of the plan as an undo: the script stands in a file of its own that only its owner can read, since its
 * values may hold secrets, and runs in the folder that the command would have run in.
 */
export function undoScript(
  command: Command,
  verify: Command | undefined,
  directory: string,
): Pick<Undo, 'sh' | 'verify' | 'keeps'> {
  const keeps: Record<string, Uint8Array> = { undo: Buffer.from(`${toShell(command)}\n`) }
  if (verify) keeps['check'] = Buffer.from(`${toShell(verify)}\n`)
  const run = (name: string) => `cd ${quote(directory)} && exec sh "\${0%.*}.${name}"`
  return { sh: run('undo'), verify: verify === undefined ? undefined : run('check'), keeps }
}
