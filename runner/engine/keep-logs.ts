import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../contracts/errors.ts'
import type { World } from './world.ts'

/** Copies what each service logged to the results, redacted, before the stack goes down. */
export async function keepLogs(world: World): Promise<void> {
  for (const name of world.runtime.names()) {
    try {
      const lines = await world.runtime.service(name).logs()
      if (lines.length > 0) write(world, name, lines)
    } catch (error) {
      const message = `the log of ${name} could not be kept: ${messageOf(error)}`
      world.emit({ is: 'note', case: world.kase.id, message, level: 'warning' })
    }
  }
}

function write(world: World, service: string, lines: readonly string[]): void {
  const name = `logs/${service}.log`
  mkdirSync(join(world.results.folder, 'logs'), { recursive: true })
  writeFileSync(join(world.results.folder, name), world.redactor.text(`${lines.join('\n')}\n`))
  world.emit({ is: 'attachment', case: world.kase.id, name, path: `${world.results.named}/${name}` })
}
