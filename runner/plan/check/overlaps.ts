import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { everyStep, faultIn, stepParts } from '../walk.ts'

/** Two faults on one service at once, unless that is said to be meant. What ends by itself or is computed is left to run time. */
export function checkOverlaps({ plan }: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const broken = new Map<string, string | undefined>()
  const found: Finding[] = []
  for (const step of everyStep(plan.steps, kinds)) {
    const { kind, params, common, place } = stepParts(step, kinds)
    const known = kinds.steps.get(kind)
    for (const name of known?.restores?.(params) ?? []) end(broken, name)
    if ((known?.params as { 'x-slot'?: string } | undefined)?.['x-slot'] !== 'fault') continue
    const fault = faultIn(params as object, kinds)
    // A fault that is done when it is applied leaves nothing that another could overlap.
    if (fault.kind.describe(fault.params as never, fault.options).every(({ endsBy }) => endsBy === 'itself')) continue
    for (const service of fault.kind.services?.(fault.params) ?? []) {
      if (service.includes('${{')) continue
      const said = (params as { overlap?: boolean; for?: string }).overlap === true
      if (broken.has(service) && !said)
        found.push(
          wrong(
            placeAt(place, kind, fault.kind.name),
            'overlap',
            `"${service}" is broken already by an earlier step`,
            'restore it first, or say `overlap: true`',
          ),
        )
      if ((params as { for?: string }).for === undefined) broken.set(service, common.id)
    }
  }
  return found
}

function end(broken: Map<string, string | undefined>, name: string): void {
  if (name === 'all' || name.includes('${{')) broken.clear()
  broken.delete(name)
  for (const [service, id] of broken) if (id === name) broken.delete(service)
}
