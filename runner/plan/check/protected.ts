import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeOfKey } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { effectOf, type Standing } from '../standing.ts'

/** On a protected target, what can't be undone has to be said; `last-resort` is there for when nothing else helps. */
export function checkProtected(kase: Omit<Case, 'id'>, _kinds: Kinds, steps: readonly Standing[]): Finding[] {
  if (!kase.target.protect) return []
  return steps.flatMap((step) => {
    const { kind, known, common, place, phase } = step
    if (phase === 'last-resort' || !known?.undoable || common.undo !== undefined) return []
    if (effectOf(step) !== 'changes') return []
    const message = `target "${kase.target.name}" is protected, and this step can't be undone`
    const hint = 'add `undo: COMMAND`, or `undo: none` if that is meant'
    return [wrong(placeOfKey(place, kind), 'protected', message, hint)]
  })
}
