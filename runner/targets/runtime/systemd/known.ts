/** What the runtime knows of one of its services: its unit, and how that was when it was last looked at. */
import { TargetError } from '../../../contracts/errors.ts'
import { Restarts } from '../restarts.ts'
import type { Follower } from './journal.ts'
import type { Machine } from './machine.ts'
import { lookAt, type Unit } from './unit.ts'

export interface KnownUnit {
  readonly name: string
  /** As systemd calls it, when an alias was given. */
  readonly unit: string
  readonly machine: Machine
  readonly journal: Follower
  /** For files that are made for it: the run, and a word for the run's case. */
  readonly run: string
  readonly mark: string
  last(): Unit
  /** Restarts that systemd made by itself since the target was opened, as of the last look. */
  restarts(): number
  look(signal?: AbortSignal): Promise<Unit>
}

export function knownUnit(parts: Omit<KnownUnit, 'last' | 'look' | 'restarts'>, first: Unit): KnownUnit {
  let last = first
  const restarts = new Restarts(first.restarts)
  return {
    ...parts,
    last: () => last,
    restarts: () => restarts.total,
    look: async (signal) => {
      const [now] = await lookAt(parts.machine, [parts.unit], signal)
      if (!now) throw new TargetError(`systemd tells nothing of ${parts.unit}`)
      last = now
      restarts.see(now.restarts)
      return now
    },
  }
}

/** `node.service`, where only `node` is said. */
export function unitNameOf(said: string): string {
  return /\.(service|socket|timer|target|path|mount|automount|swap|slice|scope|device)$/.test(said)
    ? said
    : `${said}.service`
}
