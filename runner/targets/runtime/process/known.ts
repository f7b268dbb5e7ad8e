/** What the runtime knows of one of its services: its files, and through them its process. */
import { join } from 'node:path'
import type { Transport } from '../../../contracts/target.ts'
import { readLog } from './log.ts'
import { type Alive, aliveBy, words } from './process-table.ts'
import type { StopBy } from './scripts.ts'
import type { Supervising } from './supervising.ts'

const LAST_LINES = 20

export interface ProcessService {
  readonly name: string
  /** Folder of the stack; the service's own is in it. */
  readonly stack: string
  readonly transport: Transport
  readonly stop: StopBy
  /** Path of its log. */
  readonly log: string
  alive(): Alive | undefined
  /** Of its last end; undefined while it runs, before its first start, and for a moment after its end. */
  exitCode(): number | undefined
  wasStarted(): boolean
  lastLines(): Promise<readonly string[]>
  /** Tells those who watch it. */
  wake(word: string): void
}

export function knownService(
  name: string,
  stack: string,
  stop: StopBy,
  transport: Transport,
  supervising: Supervising,
): ProcessService {
  const folder = join(stack, name)
  const pidFile = join(folder, 'pid')
  const log = join(folder, 'log')
  return {
    name,
    stack,
    transport,
    stop,
    log,
    alive: () => aliveBy(pidFile),
    exitCode: () => {
      const [pid] = words(pidFile)
      const [gone, code] = words(join(folder, 'exit'))
      return pid !== undefined && pid === gone ? Number(code) : undefined
    },
    wasStarted: () => words(pidFile).length > 0,
    lastLines: () => readLog(log, 0, LAST_LINES).catch(() => []),
    wake: (word) => supervising.wake(name, `${name} ${word}`),
  }
}
