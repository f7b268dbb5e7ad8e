/** Why a case did not pass, in the words that every report shares. */
import type { Failure } from '../contracts/events.ts'
import type { Frame } from '../contracts/source.ts'
import { cleanLine } from './plain-text.ts'
import { type CaseRecord, isBad, KILLED, type RestoredRecord, reasonText, type StepRecord, stepsOf } from './record.ts'

/** A failure, and the step it belongs to where it belongs to one. */
export interface Found {
  readonly failure: Failure
  readonly step?: string | undefined
  readonly noticed?: string | undefined
}

/** The failures that make a case fail, in the order of the plan, then those outside of any step. */
export function failuresOf(kase: CaseRecord): Found[] {
  const inSteps = [...stepsOf(kase)].flatMap(({ outcome, failure, title, noticed }) =>
    isBad(outcome) && failure ? [{ failure, step: title, noticed }] : [],
  )
  return [...inSteps, ...kase.failures.map((failure) => ({ failure }))]
}

/** What was to be put back and is not as it was. */
export function notRestored(kase: CaseRecord): RestoredRecord[] {
  return kase.items.filter(
    (item): item is RestoredRecord =>
      item.is === 'restored' && (item.event.outcome === 'failed' || item.event.outcome === 'drifted'),
  )
}

/** On one line: the first failure with its step, or the reason, or what was not put back. */
export function sayWhy(kase: CaseRecord): { readonly text: string; readonly frame?: Frame | undefined } {
  const [first, ...others] = failuresOf(kase)
  const [stays] = notRestored(kase)
  if (first === undefined) {
    const during = cutOffStep(kase)
    const reason = reasonText(kase.reason) || (stays ? `not ${stays.title}` : '')
    return { text: during ? `${during.title}: ${reason}` : reason }
  }
  const { failure, step } = first
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return { text: `${step === undefined ? '' : `${step}: `}${cleanLine(failure.message)}${more}`, frame: failure.frame }
}

/** The step that was going on when the run was killed, the innermost. */
export function cutOffStep(kase: CaseRecord): StepRecord | undefined {
  if (!kase.killed) return undefined
  return [...stepsOf(kase)].findLast(({ outcome, reason }) => outcome === 'errored' && reason?.message === KILLED)
}

/** True if `--keep` left changes in, and nothing went wrong. */
export function isLeftOnPurpose(cases: readonly CaseRecord[]): boolean {
  const isWrong = cases.some(({ restored, killed }) => restored === 'failed' || restored === 'drifted' || killed)
  return !isWrong && cases.some(({ restored }) => restored === 'kept')
}

export function leftWords(cases: readonly CaseRecord[]): string {
  return isLeftOnPurpose(cases) ? 'changes were left in; to put them back, type:' : 'something was not put back; type:'
}
