import type { HistoryEntry } from '../contracts/errors.ts'
import type { Condition, ProbeContext, Reading } from '../contracts/probe.ts'

/** All times are in ms. */
export interface WaitOptions {
  readonly context: ProbeContext
  /** 0: one reading, and no waiting. */
  readonly within: number
  /** How long it must then stay true, on top of `within`. */
  readonly hold?: number | undefined
  /** Between two polls; default 100 ms, backing off to 1 s. */
  readonly every?: number | undefined
  /** Ends the wait early when it holds. */
  readonly failIf?: Condition | undefined
  readonly progress?: ((says: string, elapsed: number, within: number) => void) | undefined
  readonly signal: AbortSignal
}

export interface Waited {
  readonly reading: Reading
  readonly history: readonly HistoryEntry[]
  /** How it was noticed: `gateway logged a line`, `by polling, 7 readings`. */
  readonly noticed: string
  readonly elapsed: number
}
