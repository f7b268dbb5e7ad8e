import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { type Fault, faultOf, type Standing } from '../standing.ts'

interface Broken {
  readonly service: string
  readonly by: Standing
}

/** Two faults on one service at once, unless that is said to be meant. What ends by itself, runs only `if` or is computed is left to run time. */
export function checkOverlaps(_kase: Omit<Case, 'id'>, kinds: Kinds, steps: readonly Standing[]): Finding[] {
  let broken: readonly Broken[] = []
  return steps.flatMap((step) => {
    for (const name of step.known?.restores?.(step.params) ?? []) broken = withoutRestored(name, broken)
    const fault = faultOf(step, kinds)
    if (!fault || step.conditional || endsItself(fault)) return []
    const breaks = servicesOf(fault).map((service) => ({ service, by: step }))
    const found = breaks.flatMap((one) => twice(one, fault, broken))
    const { for: limit } = step.params as { for?: unknown }
    if (limit === undefined) broken = [...broken, ...breaks]
    return found
  })
}

/** What one fault has broken may be restored by any of its services; where it is not, run time tells. */
function withoutRestored(name: string, broken: readonly Broken[]): readonly Broken[] {
  const restored = new Set(broken.filter((one) => isMeant(name, one)).map(({ by }) => by))
  return broken.filter(({ by }) => !restored.has(by))
}

function isMeant(name: string, { service, by }: Broken): boolean {
  return name === 'all' || name.includes('${{') || name === service || name === by.common.id
}

function twice({ service, by }: Broken, { kind, params }: Fault, broken: readonly Broken[]): Finding[] {
  const before = broken.find((one) => one.service === service)
  if (!before || (by.params as { overlap?: unknown }).overlap !== undefined) return []
  const message = `"${service}" is broken already, by "${before.by.title}"`
  const hint = 'restore it first, or say `overlap: true`'
  const index = Array.isArray(params) ? params.indexOf(service) : -1
  const at = placeAt(by.place, by.kind, kind.name, ...(index === -1 ? [] : [index]))
  return [wrong(at, 'overlap', message, hint)]
}

/** Services that a fault breaks, and the one that it is inside of; computed names are left out. */
export function servicesOf({ kind, params, options }: Fault): readonly string[] {
  const inside = options['in']
  const all = [...(kind.services?.(params) ?? []), ...(typeof inside === 'string' ? [inside] : [])]
  return [...new Set(all)].filter((service) => !service.includes('${{'))
}

/** Done when it is applied: it leaves nothing in. */
export function endsItself({ kind, params, options }: Fault): boolean {
  return kind.describe(params as never, options).every(({ endsBy }) => endsBy === 'itself')
}
