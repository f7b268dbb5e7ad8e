/** A case as it is planned, for the first event of a run and for `show`. */
import type { PlannedCase, PlannedStep } from '../contracts/events.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Sources } from '../contracts/plan.ts'
import { type Standing, standingSteps } from './standing.ts'

export function planned(kase: Case, kinds: Kinds, sources: Sources): PlannedCase {
  const { plan } = kase
  return {
    id: kase.id,
    file: plan.document.file,
    plan: plan.title,
    description: plan.description,
    title: kase.title,
    target: kase.target.name,
    matrix: Object.keys(kase.matrix).length === 0 ? undefined : kase.matrix,
    tags: plan.tags,
    steps: unique([...standingSteps(kase, kinds)].map((step) => plannedStep(step, sources))),
  }
}

function plannedStep({ id, title, kind, phase, place, parent }: Standing, sources: Sources): PlannedStep {
  const { line, column } = sources.frame({ ...place, path: [...place.path, kind], key: true })
  return { id, title, kind, phase, file: place.file, line, column, ...(parent === undefined ? {} : { parent }) }
}

/** Titles are names in reports, so a second of the same gets a number. */
function unique(steps: readonly PlannedStep[]): PlannedStep[] {
  const taken = new Set<string>()
  const next = new Map<string, number>()
  return steps.map((step) => {
    let title = step.title
    let number = next.get(step.title) ?? 2
    for (; taken.has(title); number++) title = `${step.title} #${number}`
    taken.add(title)
    next.set(step.title, number)
    return title === step.title ? step : { ...step, title }
  })
}
