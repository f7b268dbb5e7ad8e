/** What the reports know of a case: its steps, what was put back, and how they ended. */
import type {
  Failure,
  Outcome,
  PlannedCase,
  PlannedStep,
  Reason,
  RestoreOutcome,
  RunEvent,
} from '../contracts/events.ts'
import { cleanLine } from './plain-text.ts'

export type EventOf<K extends RunEvent['is']> = Extract<RunEvent, { is: K }>

export interface StepRecord {
  readonly is: 'step'
  readonly id: string
  /** Unique within its case: `#2` tells the second of a name. */
  readonly title: string
  readonly phase: EventOf<'step.started'>['phase']
  readonly depth: number
  readonly parent: StepRecord | undefined
  /** Where the plan has it; undefined for steps that are only known once they run. */
  readonly planned: PlannedStep | undefined
  /** ms since the run began. */
  readonly startedAt: number
  /** Undefined while it runs. */
  outcome: Outcome | undefined
  /** ms. */
  duration: number
  failure?: Failure | undefined
  reason?: Reason | undefined
  noticed?: string | undefined
  reading?: string | undefined
  readonly notes: string[]
  readonly points: EventOf<'point'>[]
  readonly changes: EventOf<'change'>[]
  readonly children: StepRecord[]
}

/** What was put back, a test point of its own. */
export interface RestoredRecord {
  readonly is: 'restored'
  /** `restored: node is running`, unique within its case. */
  readonly title: string
  readonly event: EventOf<'restored'>
}

export interface CaseRecord {
  readonly planned: PlannedCase
  /** The steps of the plan by their ids. */
  readonly plannedSteps: ReadonlyMap<string, PlannedStep>
  /** The steps that are in no other step, and what was put back, in the order of time. */
  readonly items: (StepRecord | RestoredRecord)[]
  readonly steps: Map<string, StepRecord>
  readonly attachments: EventOf<'attachment'>[]
  readonly warnings: string[]
  /** Changes whose undo was not reported, newest last. */
  readonly open: Map<number, EventOf<'change'>>
  /** UTC, ISO 8601; undefined until it starts. */
  at?: string | undefined
  /** ms since the run began. */
  startedAt: number
  /** Undefined until it has ended. */
  outcome: Outcome | undefined
  /** ms. */
  duration: number
  reason?: Reason | undefined
  failures: readonly Failure[]
  restored?: RestoreOutcome | undefined
  /** The log stopped before the case had ended. */
  killed: boolean
}

export const KILLED = 'the run was killed'

export function isBad(outcome: Outcome | undefined): boolean {
  return outcome === 'failed' || outcome === 'errored'
}

/** All steps, each before those inside it. */
export function* stepsOf(kase: CaseRecord): Iterable<StepRecord> {
  for (const item of kase.items) if (item.is === 'step') yield* withChildren(item)
}

function* withChildren(step: StepRecord): Iterable<StepRecord> {
  yield step
  for (const child of step.children) yield* withChildren(child)
}

/** `unavailable: no docker here`: the class first, where a skip has one. */
export function reasonText(reason: Reason | undefined): string {
  return [reason?.class, reason && cleanLine(reason.message)].filter(Boolean).join(': ')
}
