/** What each step of a case would change, and its undo: for `show`. Touches nothing. */
import { shaped } from '../base/shaped.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case } from '../contracts/plan.ts'
import type { Account } from '../contracts/undo.ts'
import { effectOf, faultOf, type Standing, standingSteps } from './standing.ts'

/** By the id of the planned step. */
export function accountsOf(kase: Case, kinds: Kinds): Map<string, readonly Account[]> {
  return new Map(
    [...standingSteps(kase, kinds)].flatMap((step) => {
      const accounts = accountsOfStep(step, kinds)
      return accounts.length === 0 ? [] : [[step.id, accounts] as const]
    }),
  )
}

function accountsOfStep(step: Standing, kinds: Kinds): readonly Account[] {
  const fault = faultOf(step, kinds)
  if (fault) return fault.kind.describe(fault.params as never, fault.options)
  if (step.known?.describe) return step.known.describe(shaped(step.known.params, step.params))
  if (!step.known?.undoable || effectOf(step) !== 'changes') return []
  return [{ does: 'what the command does', undo: undoWords(step.common.undo), endsBy: '' }]
}

function undoWords(undo: unknown): string {
  if (undo === undefined) return 'not undoable'
  return Array.isArray(undo) ? undo.join(' ') : String(undo)
}
