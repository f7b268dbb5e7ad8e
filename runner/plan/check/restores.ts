import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { everyStep, faultIn, stepParts } from '../walk.ts'

/** A `restore` to which no earlier step can have given anything restores nothing. */
export function checkRestores({ plan }: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const handles = new Set<string>()
  let computed = false
  const found: Finding[] = []
  for (const step of everyStep(plan.steps, kinds)) {
    const { kind, params, common, place } = stepParts(step, kinds)
    const known = kinds.steps.get(kind)
    const names = known?.restores?.(params) ?? []
    for (const [index, name] of names.entries()) {
      if (name.includes('${{') || handles.has(name) || computed || (name === 'all' && handles.size > 0)) continue
      const at = Array.isArray(params) ? placeAt(place, kind, index) : placeAt(place, kind)
      const hint =
        handles.size === 0 ? 'no step before it breaks or changes anything' : didYouMean(name, [...handles, 'all'])
      found.push(wrong(at, 'nothing-to-restore', `nothing that "${name}" stands for is broken or changed before`, hint))
    }
    if (names.length > 0) continue
    if (common.id !== undefined) handles.add(common.id)
    const effect = typeof known?.effect === 'function' ? known.effect(params) : known?.effect
    if (effect === 'changes') handles.add('all')
    if ((known?.params as { 'x-slot'?: string } | undefined)?.['x-slot'] !== 'fault') continue
    const fault = faultIn(params as object, kinds)
    const services = [...(fault.kind.services?.(fault.params) ?? [])]
    if (typeof fault.options['in'] === 'string') services.push(fault.options['in'])
    for (const service of services) handles.add(service)
    handles.add('all')
    computed ||= services.some((service) => service.includes('${{'))
  }
  return found
}
