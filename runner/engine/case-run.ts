/** What goes into a case, and what comes out of it. */

import type { Redactor } from '../base/redact/redactor.ts'
import type { Outcome, RestoreOutcome } from '../contracts/events.ts'
import type { Emit } from './emit.ts'
import type { SharedStacks } from './shared-stacks.ts'
import type { Stop } from './stop.ts'
import type { Hands } from './world.ts'

/** What a run hands each of its cases. */
export interface CaseRun {
  readonly run: string
  readonly hands: Hands
  readonly emit: Emit
  readonly redactor: Redactor
  readonly stop: Stop
  /** Results folder of the run: as it is, and as the user named it. */
  readonly results: { readonly folder: string; readonly named: string }
  /** Stacks that outlive their case. */
  readonly stacks: SharedStacks
  readonly check: boolean
  readonly keep: boolean
  /** Once interrupted, changes are left in and the journal tells of them. */
  readonly abandon: boolean
  /** How long to wait for a target that another run holds, in ms. */
  readonly waitLock: number
  readonly noSkip: boolean
  /** ms; wins over the plan's. */
  readonly timeout?: number | undefined
}

export interface CaseEnd {
  readonly outcome: Outcome
  readonly restored?: RestoreOutcome | undefined
  readonly busy: boolean
  /** Shown when the plan's own text turned out wrong while it ran. */
  readonly badPlan: boolean
}
