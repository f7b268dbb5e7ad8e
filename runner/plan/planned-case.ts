/** A case as it is planned, for the first event of a run and for `show`. */
import type { Phase, PlannedCase, PlannedStep } from '../contracts/events.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Case, Sources } from '../contracts/plan.ts'
import type { Fragment } from '../contracts/step.ts'
import { nestedSteps, stepParts } from './walk.ts'

export function planned(kase: Case, kinds: Kinds, sources: Sources): PlannedCase {
  const { plan } = kase
  const list = (steps: PlainSteps, phase: Phase) => [
    ...plannedSteps(steps, phase, { kinds, sources, prefix: '', fragments: plan.fragments }),
  ]
  const steps = [
    ...list(plan.steps, 'steps'),
    ...list(plan.onFailure, 'on-failure'),
    ...list(plan.always, 'always'),
    ...list(plan.lastResort, 'last-resort'),
  ]
  return {
    id: kase.id,
    file: plan.document.file,
    plan: plan.title,
    description: plan.description,
    title: kase.title,
    target: kase.target.name,
    matrix: Object.keys(kase.matrix).length === 0 ? undefined : kase.matrix,
    tags: plan.tags,
    steps: unique(steps),
  }
}

interface Planning {
  readonly kinds: Kinds
  readonly sources: Sources
  readonly prefix: string
  readonly fragments: ReadonlyMap<string, Fragment>
  readonly parent?: string
}

/** The same ids as the engine gives: where a step stands, behind the `use` that brought it in. */
function* plannedSteps(steps: PlainSteps, phase: Phase, by: Planning): Generator<PlannedStep> {
  for (const step of steps) {
    const { kind, params, place, title } = stepParts(step, by.kinds)
    const id = `${by.prefix}${place.path.join('/')}`
    const { line, column } = by.sources.frame({ ...place, path: [...place.path, kind], key: true })
    yield {
      id,
      title,
      kind,
      phase,
      file: place.file,
      line,
      column,
      ...(by.parent === undefined ? {} : { parent: by.parent }),
    }
    for (const inner of nestedSteps(step, by.kinds)) yield* plannedSteps(inner, phase, { ...by, parent: id })
    const include = by.kinds.steps.get(kind)?.includes?.(params)
    const fragment = include && by.fragments.get(include.path)
    if (fragment)
      yield* plannedSteps(fragment.steps, phase, {
        ...by,
        prefix: `${id}/`,
        fragments: fragment.fragments ?? new Map(),
        parent: id,
      })
  }
}

/** Titles are names in reports, so a second of the same gets a number. */
function unique(steps: readonly PlannedStep[]): PlannedStep[] {
  const seen = new Map<string, number>()
  return steps.map((step) => {
    const count = (seen.get(step.title) ?? 0) + 1
    seen.set(step.title, count)
    return count === 1 ? step : { ...step, title: `${step.title} #${count}` }
  })
}
