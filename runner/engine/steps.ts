/** Runs a list of steps, one after another: modifiers, outcomes, and what a failure means for those behind it. */
import { isError } from '../contracts/errors.ts'
import type { Reason } from '../contracts/events.ts'
import type { PlainSteps } from '../contracts/params.ts'
import { type Place, placeAt } from '../contracts/source.ts'
import type { StepsEnd } from '../contracts/step.ts'
import { stepParts } from '../plan/walk.ts'
import { type Flow, type Planned, type StepEnd, startStep } from './flow.ts'
import { runRounds } from './rounds.ts'
import type { World } from './world.ts'

export async function runSteps(steps: PlainSteps, flow: Flow, world: World): Promise<StepsEnd & { errored: boolean }> {
  let failed = false
  let ran = false
  let errored = false
  let stopped: StepEnd | undefined
  for (const raw of steps) {
    if (stopped) {
      passOver(raw, flow, world, { message: reasonFor(stopped) })
      continue
    }
    const end = await runRounds(plannedStep(raw, flow, world), flow, world)
    ran ||= end.outcome !== 'not-run'
    failed ||= end.outcome === 'failed' || end.outcome === 'errored'
    errored ||= end.outcome === 'errored'
    if (end.stops && !flow.all) stopped = end
  }
  const outcome = failed ? 'failed' : ran ? 'passed' : 'not-run'
  return {
    outcome,
    errored,
    captures: flow.scope.own,
    ...(stopped?.error === undefined ? {} : { error: stopped.error }),
  }
}

function plannedStep(raw: PlainSteps[number], flow: Flow, world: World): Planned {
  const { kind, params, common, place, title } = stepParts(raw, world.hands.kinds)
  return { raw, kind, params, common, place: placeAt(place, kind), title, id: idOf(place, flow) }
}

function idOf(place: Place, flow: Flow): string {
  return `${flow.prefix}${place.path.join('/')}`
}

/** Reports a step that was not run, with why. */
export function passOver(raw: PlainSteps[number], flow: Flow, world: World, reason: Reason): void {
  const planned = plannedStep(raw, flow, world)
  const id = `${planned.id}${flow.round}`
  startStep(planned, id, planned.title, flow, world)
  world.emit({ is: 'step.ended', case: world.kase.id, step: id, outcome: 'not-run', duration: 0, reason })
}

function reasonFor(end: StepEnd): string {
  if (isError(end.error, 'interrupted')) return end.error.message
  return end.outcome === 'errored' ? 'an earlier step could not be carried out' : 'an earlier step failed'
}
