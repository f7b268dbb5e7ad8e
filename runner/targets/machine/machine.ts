import type { Runtime, Transport } from '../../contracts/target.ts'

/** A machine that faults break. */
export interface Machine {
  readonly transport: Transport
  /** Whose services may be peers. */
  readonly runtime: Runtime
  /** Folder that journals lie below. */
  readonly home: string
}
