/** A condition: one probe and what is expected of its reading, or all, any, none of several. */
import { expectedOf, type Fields, listed, type Plain, unmetBy } from './condition/expected.ts'
import { groupOf, groups } from './condition/group.ts'
import { type Named, single } from './condition/single.ts'
import type { Miss } from './contracts/errors.ts'
import type { Kinds } from './contracts/kinds.ts'
import type { Condition, Reading } from './contracts/probe.ts'
import { type Place, placeAt, placeOf } from './contracts/source.ts'

export { type ConditionCheck, checkCondition, checkExpect } from './condition/check.ts'

/**
 * Makes a condition of a bound mapping of the plan; keys that belong to no condition are passed over.
 * Throws a located PlanError for matchers that make no sense once their values are filled in.
 */
export function makeCondition(plain: object, place: Place, kinds: { readonly probes: Kinds['probes'] }): Condition {
  return named(plain as Plain, place, kinds.probes)
}

function named(plain: Plain, place: Place, probes: Kinds['probes']): Named {
  const group = groups.find((key) => Array.isArray(plain[key]))
  if (group) {
    const list = plain[group] as Plain[]
    const at = placeOf(list) ?? placeAt(place, group)
    const inner = list.map((one, index) => named(one, placeOf(one) ?? placeAt(at, index), probes))
    return groupOf(group, inner, place)
  }
  const [name, probe] = [...probes].find(([key]) => Object.hasOwn(plain, key)) ?? []
  if (!probe || name === undefined) throw new Error('there is no probe in this condition')
  const expected = expectedOf(plain, name, probe, place)
  const params = plain[name]
  if (!probe.each || !Array.isArray(params)) return single(probe, params, expected, place)
  const inner = params.map((one) => single(probe, one, expected, place))
  return groupOf('all', inner, place)
}

/** Whether a reading that is known in part fails these expectations or holds; undefined while that is open. */
export function decidedBy(
  reading: Reading,
  expectations: Readonly<Record<string, unknown>>,
  fields: Fields,
): 'holds' | 'fails' | undefined {
  const unmet = listed(expectations, NOWHERE).flatMap((one) => unmetBy(reading, one, fields) ?? [])
  if (unmet.some(({ is }) => is === 'unmet')) return 'fails'
  return unmet.length === 0 ? 'holds' : undefined
}

const NOWHERE: Place = { file: '', path: [] }

/** Checks a reading against a mapping of expectations, each located at its key; one without an answer is a miss, too. */
export function missesOf(
  reading: Reading,
  expectations: Readonly<Record<string, unknown>>,
  place: Place,
  fields: Fields,
): Miss[] {
  return listed(expectations, place).flatMap((one) => unmetBy(reading, one, fields)?.miss ?? [])
}
