import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeOfKey } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { everyStep, stepParts } from '../walk.ts'

/** On a protected target, what can't be undone has to be said; and keys that a kind can't use are a slip everywhere. */
export function checkProtected({ plan, target }: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const lists = [plan.steps, plan.onFailure, plan.always]
  return lists
    .flatMap((list) => [...everyStep(list, kinds)])
    .flatMap((step) => {
      const { kind, params, common, place } = stepParts(step, kinds)
      const known = kinds.steps.get(kind)
      const effect = typeof known?.effect === 'function' ? known.effect(params) : known?.effect
      const found: Finding[] = []
      for (const key of ['undo', 'verify'] as const)
        if (common[key] !== undefined && !known?.undoable)
          found.push(
            wrong(
              placeOfKey(place, key),
              'not-undoable',
              `"${key}" can't stand beside ${kind}`,
              'it is for run and http',
            ),
          )
      for (const key of ['expect', 'capture'] as const)
        if (common[key] !== undefined && known?.reading === undefined)
          found.push(
            wrong(placeOfKey(place, key), 'no-reading', `${kind} reads nothing, so "${key}" can't stand beside it`),
          )
      if (target.protect && known?.undoable && effect === 'changes' && common.undo === undefined)
        found.push(
          wrong(
            placeOfKey(place, kind),
            'protected',
            `target "${target.name}" is protected, and this step can't be undone`,
            'add `undo: COMMAND`, or `undo: none` if that is meant',
          ),
        )
      return found
    })
}
