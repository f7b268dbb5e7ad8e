import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { everyStep, type StepParts, stepParts } from '../walk.ts'
import { endsItself, faultOf, servicesOf } from './faults.ts'

/** A `restore` to which no earlier step can have given anything restores nothing. */
export function checkRestores({ plan }: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const handles = new Set<string>()
  return [...everyStep(plan.steps, kinds)].flatMap((raw) => {
    const step = stepParts(raw, kinds)
    const names = kinds.steps.get(step.kind)?.restores?.(step.params)
    if (names) return names.flatMap((name, index) => unknownHandle(name, index, step, handles))
    for (const handle of handlesOf(step, kinds)) handles.add(handle)
    return []
  })
}

/** What a later `restore` may name for this step. */
function handlesOf(step: StepParts, kinds: Kinds): string[] {
  const known = kinds.steps.get(step.kind)
  const effect = typeof known?.effect === 'function' ? known.effect(step.params) : known?.effect
  const own = step.common.id === undefined ? [] : [step.common.id]
  const fault = faultOf(step, kinds)
  if (fault) return endsItself(fault) ? own : [...own, ...servicesOf(fault), 'all']
  return effect === 'changes' ? [...own, 'all'] : own
}

function unknownHandle(
  name: string,
  index: number,
  { kind, params, place }: StepParts,
  handles: ReadonlySet<string>,
): Finding[] {
  const isComputed = (text: string) => text.includes('${{')
  if (isComputed(name) || handles.has(name) || [...handles].some(isComputed)) return []
  const at = Array.isArray(params) ? placeAt(place, kind, index) : placeAt(place, kind)
  const hint = handles.size === 0 ? 'no step before it breaks or changes anything' : didYouMean(name, handles)
  return [wrong(at, 'nothing-to-restore', `nothing that "${name}" stands for is broken or changed before`, hint)]
}
