/** What became of a test case, in the terms of JUnit: `failure` for the expectation, `error` for the environment. */
import { outputLines } from '../asked-text.ts'
import { failureText, textOf } from '../failure-text.ts'
import { whereIs } from '../frame-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, type RestoredRecord, reasonText, type StepRecord } from '../record.ts'
import { plainTone } from '../tone.ts'
import { type Found, failuresOf, sayWhy } from '../verdict.ts'

export interface Result {
  readonly is: 'failure' | 'error' | 'skipped'
  readonly type: string
  readonly message: string
  readonly text: string
}

export function caseResult(kase: CaseRecord, title: string, at: { file: string; line: number }): Result | undefined {
  const { outcome = 'errored', killed } = kase
  const reason = reasonText(kase.reason)
  if (outcome === 'skipped') return skipped(kase.reason?.class ?? 'skipped', reason)
  if (outcome === 'not-run') return notRun(reason, killed)
  const found = failuresOf(kase)
  // What could not be proven to be restored fails a case whose steps have passed.
  if (!isBad(outcome) && found.length === 0) return undefined
  const message = sayWhy(kase).text || outcome
  const texts = found.map((one) => explained(one, title))
  if (texts.length === 0) texts.push(`${message}\n    at ${title} (${at.file}:${at.line}:1)`)
  if (reason !== '' && !message.includes(reason)) texts.push(reason)
  const type = killed ? 'killed' : (found[0]?.failure.class ?? outcome)
  return { is: outcome === 'failed' ? 'failure' : 'error', type, message, text: texts.join('\n\n') }
}

export function stepResult(step: StepRecord): Result | undefined {
  const { outcome = 'errored', failure } = step
  const reason = reasonText(step.reason)
  if (outcome === 'skipped') return skipped(step.reason?.class ?? 'skipped', reason)
  if (outcome === 'not-run') return notRun(reason, false)
  if (!isBad(outcome)) return undefined
  const message = cleanLine(failure?.message ?? (reason || 'a step inside it failed'))
  const text = failuresIn(step).map((found) => explained(found, step.title))
  const is = outcome === 'failed' ? 'failure' : 'error'
  return { is, type: failure?.class ?? outcome, message, text: text.join('\n\n') || message }
}

export function pointResult({ name, outcome, message }: StepRecord['points'][number]): Result | undefined {
  if (outcome === 'passed') return undefined
  const said = message ?? name
  if (outcome === 'skipped') return skipped('skipped', cleanLine(said))
  return { is: 'failure', type: 'check', message: cleanLine(said), text: said }
}

export function restoredResult({ event }: RestoredRecord): Result | undefined {
  if (event.outcome === 'restored') return undefined
  if (event.outcome === 'kept') return skipped('kept', cleanLine(['left in', event.message].filter(Boolean).join(': ')))
  const { outcome, outputs = [], hint } = event
  const said = event.message ?? `${outcome}: ${event.title}`
  const more = [textOf(outputLines(outputs, plainTone)), hint === undefined ? '' : `→ ${hint}`].filter(Boolean)
  return { is: 'error', type: `restore.${outcome}`, message: cleanLine(said), text: [said, ...more].join('\n') }
}

function skipped(type: string, message: string): Result {
  return { is: 'skipped', type, message, text: '' }
}

/** A case that a killed run did not come to must not look like one that was left out on purpose. */
function notRun(reason: string, killed: boolean): Result {
  const message = `not run${reason && ': '}${reason}`
  return killed ? { is: 'error', type: 'killed', message, text: message } : skipped('not-run', message)
}

function failuresIn(step: StepRecord): Found[] {
  const { failure, title, noticed, outcome } = step
  const own = failure && isBad(outcome) ? [{ failure, step: title, noticed }] : []
  return [...own, ...step.children.flatMap(failuresIn)]
}

/** The message first, then where it is, in the form that consumers make a link of: `(plans/x.yaml:12:9)`. */
function explained({ failure, step, noticed }: Found, title: string): string {
  const text = failureText(failure, { noticed, title: step ?? title })
  if (failure.frame === undefined) return text
  const where = whereIs(failure.frame)
  const [message = '', ...rest] = text.split(`\n${where}\n`)
  return [message, `    at ${step ?? title} (${where})`, rest.join(`\n${where}\n`)].join('\n')
}
