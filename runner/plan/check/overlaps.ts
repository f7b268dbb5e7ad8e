import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { everyStep, type StepParts, stepParts } from '../walk.ts'
import { endsItself, faultOf } from './faults.ts'

/** Two faults on one service at once, unless that is said to be meant. What ends by itself or is computed is left to run time. */
export function checkOverlaps({ plan }: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const broken = new Map<string, string | undefined>()
  return [...everyStep(plan.steps, kinds)].flatMap((raw) => {
    const step = stepParts(raw, kinds)
    for (const name of kinds.steps.get(step.kind)?.restores?.(step.params) ?? []) end(broken, name)
    return breaks(step, kinds, broken)
  })
}

/** Remembers what a step breaks, and tells what was broken before. */
function breaks(step: StepParts, kinds: Kinds, broken: Map<string, string | undefined>): Finding[] {
  const fault = faultOf(step, kinds)
  if (!fault || endsItself(fault)) return []
  const { overlap, for: limit } = step.params as { overlap?: boolean; for?: string }
  const services = (fault.kind.services?.(fault.params) ?? []).filter((service) => !service.includes('${{'))
  const twice = overlap === true ? [] : services.filter((service) => broken.has(service))
  if (limit === undefined) for (const service of services) broken.set(service, step.common.id)
  const at = placeAt(step.place, step.kind, fault.kind.name)
  return twice.map((service) =>
    wrong(
      at,
      'overlap',
      `"${service}" is broken already by an earlier step`,
      'restore it first, or say `overlap: true`',
    ),
  )
}

function end(broken: Map<string, string | undefined>, name: string): void {
  if (name === 'all' || name.includes('${{')) broken.clear()
  broken.delete(name)
  for (const [service, id] of broken) if (id === name) broken.delete(service)
}
