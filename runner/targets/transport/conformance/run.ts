import type { Command } from '../../../contracts/command.ts'
import type { ExecOptions, Exit, Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'

export interface Ran extends Exit {
  readonly out: string
  readonly err: string
}

/** Runs a command and reads its outputs as text. */
export async function run(transport: Transport, command: Command, options: ExecOptions = {}): Promise<Ran> {
  const exit = await transport.exec(command, options, new AbortController().signal)
  return { ...exit, out: Buffer.from(exit.stdout).toString(), err: Buffer.from(exit.stderr).toString() }
}

/** Waits for the effect of a change, as the engine does, and tells how it was seen; one that none is told of has it. */
export async function effectOf(change: Change): Promise<string> {
  let evidence = ''
  await until(async () => {
    const seen = await change.inEffect?.(new AbortController().signal)
    if (seen?.yes) evidence = seen.evidence
    return change.inEffect === undefined || seen?.yes === true
  }, change.does)
  return evidence
}

/** Waits until it holds; fails after `within` ms. */
export async function until(holds: () => Promise<boolean> | boolean, what: string, within = 5_000): Promise<void> {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > within) throw new Error(`it did not come to that: ${what}`)
    await Bun.sleep(5)
  }
}
