/** Test points: what a case comes to, in the terms of TAP. */
import type { Outcome } from '../../contracts/events.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, KILLED, type RestoredRecord, reasonText, type StepRecord } from '../record.ts'
import { sayWhy } from '../verdict.ts'
import { diagnosticsOf, outputMapping } from './diagnostics.ts'
import type { YamlishMapping } from './yamlish.ts'

export interface Point {
  readonly ok: boolean
  readonly title: string
  /** `SKIP …` or `TODO …`. */
  readonly directive?: string | undefined
  readonly diagnostics?: YamlishMapping | undefined
  /** What is inside: a subtest. */
  readonly points: readonly Point[]
}

export function casePoint(kase: CaseRecord): Point {
  const { planned, outcome = 'errored', restored, duration } = kase
  const title = cleanLine(`${planned.title} @${planned.target}`)
  const reason = reasonText(kase.reason)
  if (isPassedOver(outcome) && !kase.killed) return { ok: true, title, directive: skip(outcome, reason), points: [] }
  const points = kase.items.flatMap((item) => (item.is === 'step' ? stepPoints(item) : [restoredPoint(item)]))
  const ok = !isBad(outcome) && !kase.killed && restored !== 'failed' && restored !== 'drifted' && points.every(counts)
  return { ok, title, points, diagnostics: ok ? { duration_ms: duration } : caseDiagnostics(kase, reason) }
}

function counts({ ok, directive }: Point): boolean {
  return ok || directive?.startsWith('TODO') === true
}

/** The steps of the subtest explain themselves; here stands what readers that know no subtests see. */
function caseDiagnostics(kase: CaseRecord, reason: string): YamlishMapping {
  const { failures, duration, restored, outcome } = kase
  const { text, frame } = sayWhy(kase)
  return {
    message: text || String(outcome),
    severity: outcome === 'failed' ? 'fail' : 'error',
    duration_ms: duration,
    restored,
    reason: reason === text || reason === '' ? undefined : reason,
    at: frame && { file: frame.file, line: frame.line, column: frame.column },
    failures: failures.length === 0 ? undefined : failures.map((failure) => diagnosticsOf(failure)),
  }
}

/** A step, and behind it its sub-results. */
function stepPoints(step: StepRecord): Point[] {
  const { title, outcome = 'errored', children } = step
  const points = children.flatMap(stepPoints)
  const inner = points.every(counts)
  const point = { title, points, ...verdict(step, outcome, inner) }
  return [point, ...step.points.map((sub) => subPoint(sub, title))]
}

function verdict(step: StepRecord, outcome: Outcome, inner: boolean): Omit<Point, 'title' | 'points'> {
  const reason = reasonText(step.reason)
  if (isPassedOver(outcome)) return { ok: true, directive: skip(outcome, reason) }
  if (!isBad(outcome) && outcome !== 'warned') return { ok: inner }
  const diagnostics = step.failure
    ? diagnosticsOf(step.failure, { duration_ms: step.duration, noticed: step.noticed })
    : { message: reason || 'a step inside it failed', severity: outcome === 'errored' ? 'error' : 'fail' }
  return { ok: false, diagnostics, directive: outcome === 'warned' ? 'TODO it only warns' : undefined }
}

function subPoint({ name, outcome, message }: StepRecord['points'][number], step: string): Point {
  const title = cleanLine(`${step}: ${name}`)
  if (outcome === 'skipped') return { ok: true, title, directive: skip(outcome, message ?? ''), points: [] }
  const ok = outcome === 'passed'
  return { ok, title, points: [], diagnostics: ok || message === undefined ? undefined : { message, severity: 'fail' } }
}

function restoredPoint({ title, event }: RestoredRecord): Point {
  const { outcome, message, duration, unverified, outputs, hint } = event
  if (outcome === 'kept') {
    const diagnostics = message === undefined ? undefined : { message }
    return { ok: true, title, directive: 'SKIP left in', points: [], diagnostics }
  }
  const ok = outcome === 'restored'
  const proof = unverified ? 'the exit code of the undo: there is no verify' : undefined
  const more = message !== undefined || proof !== undefined
  if (ok) return { ok, title, points: [], diagnostics: more ? { message, proof } : undefined }
  const words =
    outcome === 'drifted' ? 'somebody else changed it meanwhile; it was left alone' : 'it could not be put back'
  return {
    ok,
    title,
    points: [],
    diagnostics: {
      message: message ?? words,
      severity: 'error',
      outcome,
      duration_ms: duration,
      proof,
      outputs: outputs && outputs.length > 0 ? outputs.map(outputMapping) : undefined,
      hint,
    },
  }
}

function isPassedOver(outcome: Outcome): boolean {
  return outcome === 'skipped' || outcome === 'not-run'
}

function skip(outcome: Outcome, reason: string): string {
  const words = outcome === 'not-run' ? `not run${reason && ': '}${reason}` : reason
  return cleanLine(`SKIP ${words}`)
}

/** Why nothing more can be said of the run; undefined where it came to its end. */
export function bailOut(killed: boolean, interrupted: string | undefined): string | undefined {
  if (killed) return KILLED
  return interrupted === undefined ? undefined : cleanLine(`interrupted by ${interrupted}`)
}
