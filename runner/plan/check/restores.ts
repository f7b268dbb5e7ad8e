import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { effectOf, faultOf, type Standing } from '../standing.ts'
import { endsItself, servicesOf } from './overlaps.ts'

/** What one step gave to be restored, by each name it can be asked for. */
type Given = readonly string[]

/** A `restore` to which no earlier step can have given anything restores nothing. */
export function checkRestores(_kase: Omit<Case, 'id'>, kinds: Kinds, steps: readonly Standing[]): Finding[] {
  let given: Given[] = []
  return steps.flatMap((step) => {
    const names = step.known?.restores?.(step.params)
    if (names === undefined) {
      given.push(handlesOf(step, kinds))
      return []
    }
    const found = names.flatMap((name, index) => unknownHandle(name, index, step, given.flat()))
    if (isCertain(step)) given = given.filter((handles) => !names.some((name) => handles.includes(name)))
    return found
  })
}

/** Only a restore that surely ran leaves nothing for a second one. */
function isCertain({ conditional, phase, common }: Standing): boolean {
  return phase === 'steps' && !conditional && common['for-each'] === undefined && common.repeat === undefined
}

/** What a later `restore` may name for this step. */
function handlesOf(step: Standing, kinds: Kinds): Given {
  const { id, undo } = step.common
  const own = id === undefined ? [] : [id]
  const fault = faultOf(step, kinds)
  if (fault) return endsItself(fault) ? [] : [...own, ...faultServices(fault), 'all']
  if (effectOf(step) !== 'changes') return []
  const gives = !step.known?.undoable || (undo !== undefined && undo !== 'none')
  return gives ? [...own, 'all'] : []
}

/** A computed name may be any service. */
const ANY = '${{'

function faultServices(fault: NonNullable<ReturnType<typeof faultOf>>): Given {
  const said = [...(fault.kind.services?.(fault.params) ?? []), String(fault.options['in'] ?? '')]
  return [...servicesOf(fault), ...(said.some((name) => name.includes(ANY)) ? [ANY] : [])]
}

function unknownHandle(name: string, index: number, { kind, params, place }: Standing, handles: Given): Finding[] {
  if (name.includes(ANY) || handles.includes(name) || handles.includes(ANY)) return []
  const at = Array.isArray(params) ? placeAt(place, kind, index) : placeAt(place, kind)
  const hint =
    handles.length === 0 ? 'no step before it breaks or changes anything' : didYouMean(name, new Set(handles))
  return [wrong(at, 'nothing-to-restore', `nothing that "${name}" stands for is broken or changed before`, hint)]
}
