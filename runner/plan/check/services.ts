/** Services that the target does not have; and ids, which share one namespace with them. */
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import { withCondition } from '../../contracts/params.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { parts, stepParts, stepsOfCase } from '../walk.ts'

export function checkServices(kase: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const { services } = kase.target
  return services === undefined ? [] : [...unknownServices(kase, kinds, services), ...checkIds(kase, kinds, services)]
}

function unknownServices(kase: Omit<Case, 'id'>, kinds: Kinds, services: readonly string[]): Finding[] {
  const pieces = [
    ...[...stepsOfCase(kase, kinds)].flatMap((step) => {
      const { kind, params, place } = stepParts(step, kinds)
      return [...parts(kinds.steps.get(kind)?.params, params, placeAt(place, kind), kinds)]
    }),
    ...[...kase.plan.baseline, ...kase.plan.requires].flatMap((plain, index) => [
      ...parts(withCondition({}), plain, placeAt(kase.plan.place, 'baseline', index), kinds),
    ]),
  ]
  return pieces.flatMap(({ is, value, place }) => {
    if (is !== 'service' || typeof value !== 'string' || value.includes('${{') || services.includes(value)) return []
    const there = services.length === 0 ? 'it has none' : didYouMean(value, services)
    return [wrong(place, 'unknown-service', `target "${kase.target.name}" has no service "${value}"; ${there}`)]
  })
}

function checkIds(kase: Omit<Case, 'id'>, kinds: Kinds, services: readonly string[]): Finding[] {
  const seen = new Set<string>()
  return [...stepsOfCase(kase, kinds)].flatMap((step) => {
    const { common, place } = stepParts(step, kinds)
    if (common.id === undefined) return []
    const at = placeAt(place, 'id')
    if (services.includes(common.id))
      return [
        wrong(at, 'taken-id', `"${common.id}" is a service: ids and services share one namespace`, 'use another id'),
      ]
    if (seen.has(common.id)) return [wrong(at, 'taken-id', `another step has the id "${common.id}"`, 'use another id')]
    seen.add(common.id)
    return []
  })
}
