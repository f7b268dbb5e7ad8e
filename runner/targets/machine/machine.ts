import type { Runtime } from '../../contracts/target.ts'
import type { Transport } from '../../contracts/transport.ts'

/** A machine that faults break. */
export interface Machine {
  readonly transport: Transport
  /** Whose services may be peers. */
  readonly runtime: Runtime
  /** Folder that journals lie below. */
  readonly home: string
}
