/** Plans → cases: each row of the matrix on each target that was asked for. */
import { spelledAt } from '../base/spelling.ts'
import { type Finding, PlanError } from '../contracts/errors.ts'
import type { Case, Plan, TargetSpec } from '../contracts/plan.ts'
import { type Place, placeAt } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { rowsOf, rowTitle, worded } from './matrix.ts'
import { wrong } from './schema-errors.ts'

export interface Expansion {
  /** `--target`; undefined means the plan's own. */
  readonly targets: readonly string[] | undefined
  readonly inputs: Readonly<Record<string, unknown>>
  /** `--matrix axis=value`. */
  readonly matrix: Readonly<Record<string, string>>
}

/** A case before it has its number. */
export type Unnumbered = Omit<Case, 'id'>

/** Throws a PlanError for a target that is not there, or a matrix that makes no sense. */
export function expand(plan: Plan, known: ReadonlyMap<string, TargetSpec>, by: Expansion): Unnumbered[] {
  const rows = rowsOf(plan).filter((row) =>
    Object.entries(by.matrix).every(
      ([axis, value]) => Object.hasOwn(row, axis) && worded(spelledAt(row, axis)) === value,
    ),
  )
  return targetsFor(plan, known, by.targets).flatMap((target) =>
    rows.map((matrix) => ({
      plan,
      target,
      matrix,
      title: `${plan.title}${rowTitle(matrix)}`,
      inputs: by.inputs,
      ...skipFor(plan, target),
    })),
  )
}

function targetsFor(
  plan: Plan,
  known: ReadonlyMap<string, TargetSpec>,
  asked: readonly string[] | undefined,
): readonly TargetSpec[] {
  const own = plan.targets.length > 0 ? plan.targets : onlyOne(known)
  const names = asked ?? own.slice(0, 1)
  if (names.length === 0) throw new PlanError([noTarget(plan, known)])
  const unknown = plan.targets.flatMap((name, index) => unknownTarget(name, placeOfTarget(plan, index), known))
  const missing = (asked ?? []).flatMap((name) => unknownTarget(name, plan.place, known))
  if (unknown.length + missing.length > 0) throw new PlanError([...unknown, ...missing])
  return [...new Set(names)].flatMap((name) => known.get(name) ?? [])
}

/** A plan that names none means the only one there is. */
function onlyOne(known: ReadonlyMap<string, TargetSpec>): readonly string[] {
  return known.size === 1 ? [...known.keys()] : []
}

const NO_TARGETS = 'there is no targets.yaml beside the plan or above it'

function noTarget(plan: Plan, known: ReadonlyMap<string, TargetSpec>): Finding {
  return known.size === 0
    ? wrong(plan.place, 'no-target', NO_TARGETS, 'write one: see the README')
    : wrong(plan.place, 'no-target', 'the plan names no target', `write target: one of ${[...known.keys()].join(', ')}`)
}

function unknownTarget(name: string, place: Place, known: ReadonlyMap<string, TargetSpec>): Finding[] {
  if (known.has(name)) return []
  const hint = known.size === 0 ? NO_TARGETS : didYouMean(name, known.keys())
  return [wrong(place, 'unknown-target', `unknown target "${name}"; ${hint}`)]
}

/** `target: name`, `target: [a, b]`, `target: {name, variables}`. */
function placeOfTarget({ document, place }: Plan, index: number): Place {
  const { target } = document.tree as { target?: unknown }
  if (typeof target !== 'object') return placeAt(place, 'target')
  return placeAt(place, 'target', Array.isArray(target) ? index : 'name')
}

/** A plan that lists its targets is meant for those alone. */
function skipFor(plan: Plan, target: TargetSpec): Pick<Case, 'skip'> {
  if (plan.targets.length < 2 || plan.targets.includes(target.name)) return {}
  return { skip: { class: 'by-design', reason: `the plan is meant for ${plan.targets.join(', ')}` } }
}
