/** Plans → cases: each row of the matrix on each target that was asked for. */
import { PlanError } from '../contracts/errors.ts'
import type { Case, Plan, TargetSpec } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { rowsOf, rowTitle } from './matrix.ts'
import { wrong } from './schema-errors.ts'

export interface Expansion {
  /** `--target`; undefined means the plan's own. */
  readonly targets: readonly string[] | undefined
  readonly inputs: Readonly<Record<string, unknown>>
  /** `--matrix axis=value`. */
  readonly matrix: Readonly<Record<string, string>>
}

type CaseWithoutId = Omit<Case, 'id'>

export function expand(plan: Plan, known: ReadonlyMap<string, TargetSpec>, by: Expansion): CaseWithoutId[] {
  const rows = rowsOf(plan).filter((row) =>
    Object.entries(by.matrix).every(([axis, value]) => String(row[axis]) === value),
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
): TargetSpec[] {
  const own = plan.targets[0] ?? (known.size === 1 ? [...known.keys()][0] : undefined)
  const place = placeAt(plan.place, 'target')
  if (asked === undefined && own === undefined)
    throw new PlanError([
      wrong(
        plan.place,
        'no-target',
        known.size === 0 ? 'there is no targets.yaml beside the plan or above it' : 'the plan names no target',
        known.size === 0 ? 'write one: see the README' : `write target: one of ${[...known.keys()].join(', ')}`,
      ),
    ])
  return (asked ?? [own ?? '']).map((name) => {
    const target = known.get(name)
    if (target) return target
    const hint =
      known.size === 0 ? 'there is no targets.yaml beside the plan or above it' : didYouMean(name, known.keys())
    throw new PlanError([
      wrong(
        asked ? plan.place : Array.isArray(plan.targets) && plan.targets.length > 1 ? placeAt(place, 0) : place,
        'unknown-target',
        `unknown target "${name}"; ${hint}`,
      ),
    ])
  })
}

/** A plan that lists its targets is meant for those alone. */
function skipFor(plan: Plan, target: TargetSpec): Pick<Case, 'skip'> {
  if (plan.targets.length < 2 || plan.targets.includes(target.name)) return {}
  return { skip: { class: 'by-design', reason: `the plan is meant for ${plan.targets.join(', ')}` } }
}
