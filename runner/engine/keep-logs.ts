import { linePieces } from '../base/line-pieces.ts'
import { messageOf } from '../contracts/errors.ts'
import type { LogLines } from '../contracts/target.ts'
import { attachPieces } from './attach.ts'
import type { World } from './world.ts'

/** Copies what each service logged to the results, redacted, before the stack goes down. */
export async function keepLogs(world: World): Promise<void> {
  for (const name of world.runtime.names()) {
    try {
      const lines = await world.runtime.service(name).logs()
      if (lines.length > 0) await write(world, name, lines)
      if (lines.flaw) note(world, `the log of ${name} is not whole: ${lines.flaw.why}`)
    } catch (error) {
      note(world, `the log of ${name} could not be kept: ${messageOf(error)}`)
    }
  }
}

async function write(world: World, service: string, lines: LogLines): Promise<void> {
  const { id, plan } = world.kase
  await attachPieces({ ...world, case: id }, `logs/${service}.log`, linePieces(lines), plan.place)
}

function note(world: World, message: string): void {
  world.emit({ is: 'note', case: world.kase.id, message, level: 'warning' })
}
