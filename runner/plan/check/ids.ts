import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import type { Standing } from '../standing.ts'

/** Ids share one namespace with services, since `restore` takes both; each file has its own. */
export function checkIds(kase: Omit<Case, 'id'>, _kinds: Kinds, steps: readonly Standing[]): Finding[] {
  const seen = new Map<string, string>()
  return steps.flatMap((step) => {
    const { id } = step.common
    const why = id === undefined ? undefined : whyTaken(id, step, kase.target.services ?? [], seen)
    return why === undefined ? [] : [wrong(placeAt(step.place, 'id'), 'taken-id', why, 'use another id')]
  })
}

function whyTaken(id: string, { place }: Standing, services: readonly string[], seen: Map<string, string>) {
  if (id === 'all') return '"all" can\'t be an id: `restore: all` means everything'
  if (!/^[\w-]+$/.test(id)) return `"${id}" can't be an id: letters, digits, _ and - are fine`
  if (services.includes(id)) return `"${id}" is a service: ids and services share one namespace`
  const key = `${place.file} ${id}`
  const path = place.path.join('/')
  const other = seen.get(key) ?? path
  seen.set(key, other)
  // A fragment that is used twice brings the same step again.
  return other === path ? undefined : `another step has the id "${id}"`
}
