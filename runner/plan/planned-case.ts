/** A case as it is planned, for the first event of a run and for `show`. */
import { Spelled, spelledEntries } from '../base/spelling.ts'
import type { PlannedCase, PlannedStep } from '../contracts/events.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Sources } from '../contracts/plan.ts'
import type { Row } from './matrix.ts'
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
    matrix: Object.keys(kase.matrix).length === 0 ? undefined : shownRow(kase.matrix),
    tags: plan.tags,
    steps: unique([...standingSteps(kase, kinds)].map((step) => plannedStep(step, sources))),
  }
}

/** Events are plain JSON: a value that JSON readers would change is text. */
function shownRow(row: Row): Row {
  const entries = spelledEntries(row).map(([name, value]) => [name, value instanceof Spelled ? value.text : value])
  return JSON.parse(
    JSON.stringify(Object.fromEntries(entries), (_key, item) => (typeof item === 'bigint' ? String(item) : item)),
  )
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
