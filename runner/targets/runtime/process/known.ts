/** What the runtime knows of one of its services. */
import type { Transport } from '../../../contracts/transport.ts'
import { textsOf } from '../log/texts.ts'
import type { Look, Machine } from './machine.ts'
import type { Alive } from './process-table.ts'
import type { StopBy } from './scripts.ts'
import type { Supervising } from './supervising.ts'

const LAST_LINES = 20

export interface ProcessService {
  readonly name: string
  readonly machine: Machine
  readonly transport: Transport
  readonly stop: StopBy
  look(): Promise<Look>
  alive(): Promise<Alive | undefined>
  lastLines(): Promise<readonly string[]>
  /** Tells those who watch it. */
  wake(word: string): void
}

export function knownService(
  name: string,
  machine: Machine,
  stop: StopBy,
  transport: Transport,
  supervising: Supervising,
): ProcessService {
  return {
    name,
    machine,
    transport,
    stop,
    look: () => machine.look(name),
    alive: async () => (await machine.look(name)).alive,
    lastLines: () => textsOf(machine.logs.of(name).read(0, LAST_LINES)),
    wake: (word) => supervising.wake(name, `${name} ${word}`),
  }
}
