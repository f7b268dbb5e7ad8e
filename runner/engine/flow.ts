/** How steps are run, and what one of them comes to: what the rooms of the engine say to each other. */
import type { Outcome, Phase } from '../contracts/events.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Place } from '../contracts/source.ts'
import type { Fragment, StepsEnd } from '../contracts/step.ts'
import type { Scope } from './scope.ts'
import type { World } from './world.ts'

export type RunSteps = (steps: PlainSteps, flow: Flow, world: World) => Promise<StepsEnd & { errored: boolean }>

/** How a list of steps is run. */
export interface Flow {
  readonly phase: Phase
  readonly scope: Scope
  readonly signal: AbortSignal
  readonly depth: number
  readonly parent?: string | undefined
  /** In front of the ids of a fragment's steps. */
  readonly prefix: string
  /** Behind the ids of steps inside a round: `#2`. */
  readonly round: string
  /** `on-failure`, `always` and `last-resort`: all of them run, whatever the others do. */
  readonly all: boolean
  readonly fragments: ReadonlyMap<string, Fragment>
  /** Runs the steps inside of a step. */
  readonly runSteps: RunSteps
  /** Roots that a fragment sees instead of the plan's. */
  readonly roots: Readonly<Record<string, unknown>>
}

/** How a step ended. `stops` ends the steps behind it. */
export interface StepEnd {
  readonly outcome: Outcome
  readonly stops: boolean
  readonly error?: unknown
}

/** A step of the plan with its parts. */
export interface Planned {
  readonly raw: PlainSteps[number]
  readonly id: string
  readonly kind: string
  readonly params: unknown
  readonly common: CommonKeys
  readonly place: Place
  readonly title: string
}

export function startStep(planned: Planned, id: string, title: string, flow: Flow, world: World): void {
  world.emit({
    is: 'step.started',
    case: world.kase.id,
    step: id,
    planned: planned.id,
    title,
    kind: planned.kind,
    phase: flow.phase,
    depth: flow.depth,
    parent: flow.parent,
  })
}
