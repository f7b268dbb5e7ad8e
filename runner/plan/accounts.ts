/** What each step of a case would change, and its undo: for `show`. Touches nothing. */
import type { Kinds } from '../contracts/kinds.ts'
import type { Case } from '../contracts/plan.ts'
import type { Account } from '../contracts/undo.ts'
import { faultIn, stepParts, stepsOfCase } from './walk.ts'

export function accountsOf(kase: Case, kinds: Kinds): Map<string, readonly Account[]> {
  const accounts = new Map<string, readonly Account[]>()
  for (const step of stepsOfCase(kase, kinds)) {
    const { kind, params, common, place } = stepParts(step, kinds)
    const known = kinds.steps.get(kind)
    const effect = typeof known?.effect === 'function' ? known.effect(params) : known?.effect
    const id = place.path.join('/')
    if ((known?.params as { 'x-slot'?: string } | undefined)?.['x-slot'] === 'fault') {
      const fault = faultIn(params as object, kinds)
      accounts.set(id, fault.kind.describe(fault.params as never, fault.options))
    } else if (known?.describe) accounts.set(id, known.describe(params))
    else if (known?.undoable && effect === 'changes')
      accounts.set(id, [{ does: 'what the command does', undo: undoWords(common.undo), endsBy: '' }])
  }
  return accounts
}

function undoWords(undo: unknown): string {
  if (undo === undefined) return 'not undoable'
  return Array.isArray(undo) ? undo.join(' ') : String(undo)
}
