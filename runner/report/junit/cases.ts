/** The test cases that a case of the plan comes to: itself or its steps, what was put back, and sub-results. */
import type { Failure, Outcome } from '../../contracts/events.ts'
import { failureText } from '../failure-text.ts'
import { whereIs } from '../frame-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, type RestoredRecord, reasonText, type StepRecord, stepsOf } from '../record.ts'

export interface TestCase {
  readonly name: string
  /** ms. */
  readonly duration: number
  readonly file: string
  readonly line: number
  readonly result?: Result | undefined
  readonly properties: Readonly<Record<string, string>>
  /** What happened, a line a step. */
  readonly out: readonly string[]
}

export interface Result {
  readonly is: 'failure' | 'error' | 'skipped'
  readonly type: string
  readonly message: string
  readonly text: string
}

export function testCases(kase: CaseRecord, bySteps: boolean): TestCase[] {
  const own = bySteps && kase.items.length > 0 ? stepCases(kase) : [wholeCase(kase)]
  const points = [...stepsOf(kase)].flatMap((step) => step.points.map((point) => pointCase(kase, step, point)))
  const restored = kase.items.filter((item) => item.is === 'restored').map((item) => restoredCase(kase, item))
  return [...own, ...points, ...restored]
}

function wholeCase(kase: CaseRecord): TestCase {
  const { planned, duration, attachments } = kase
  const steps = [...stepsOf(kase)].map(({ title, depth, outcome, duration: ms, reason }) => {
    const why = reason ? `: ${reasonText(reason)}` : ''
    return `${'  '.repeat(depth)}${outcome ?? 'errored'}: ${title} (${(ms / 1000).toFixed(3)} s)${why}`
  })
  return {
    name: titleOf(kase),
    duration,
    ...placeOf(kase),
    result: caseResult(kase),
    properties: propertiesOf(kase),
    out: [
      ...kase.warnings.map((warning) => `warning: ${cleanLine(warning)}`),
      ...steps,
      // How Jenkins and GitLab find a file that belongs to a case.
      ...attachments.map(({ path }) => `[[ATTACHMENT|${path}]]`),
    ],
    ...(planned.description ? {} : {}),
  }
}

function propertiesOf({ planned, outcome, restored, reason }: CaseRecord): Readonly<Record<string, string>> {
  const matrix = Object.entries(planned.matrix ?? {}).map(([axis, value]) => [`matrix.${axis}`, valueText(value)])
  return {
    plan: planned.plan,
    target: planned.target,
    ...Object.fromEntries(matrix),
    ...(planned.tags.length > 0 ? { tags: planned.tags.join(' ') } : {}),
    ...(planned.description ? { description: planned.description } : {}),
    outcome: outcome ?? 'errored',
    ...(restored ? { restored } : {}),
    ...(reason?.class ? { 'skip.class': reason.class } : {}),
  }
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function caseResult(kase: CaseRecord): Result | undefined {
  const { outcome = 'errored', killed } = kase
  const reason = reasonText(kase.reason)
  if (outcome === 'skipped') return { is: 'skipped', type: kase.reason?.class ?? 'skipped', message: reason, text: '' }
  if (outcome === 'not-run') return notRun(reason, killed)
  const bad = badSteps(kase)
  // What could not be put back or proven fails the case, whatever its steps came to.
  if (!isBad(outcome) && kase.failures.length === 0) return undefined
  return badResult(outcome, kase, bad, reason)
}

/** A case that a killed run did not come to must not look like one that was left out on purpose. */
function notRun(reason: string, killed: boolean): Result {
  const message = `not run${reason && ': '}${reason}`
  return killed
    ? { is: 'error', type: 'killed', message, text: message }
    : { is: 'skipped', type: 'not-run', message, text: '' }
}

function badSteps(kase: CaseRecord): StepRecord[] {
  return [...stepsOf(kase)].filter(({ outcome, failure }) => isBad(outcome) && failure !== undefined)
}

function badResult(outcome: Outcome, kase: CaseRecord, bad: readonly StepRecord[], reason: string): Result {
  const texts = [
    ...bad.map((step) => explained(step.failure as Failure, step.title, step.noticed)),
    ...kase.failures.map((failure) => explained(failure, titleOf(kase))),
  ]
  const [first] = bad
  const failure = first?.failure ?? kase.failures[0]
  const more = texts.length > 1 ? ` (and ${texts.length - 1} more)` : ''
  const said = failure ? `${first ? `${first.title}: ` : ''}${cleanLine(failure.message)}${more}` : reason || outcome
  const { file, line } = placeOf(kase)
  const whole = texts.length > 0 ? texts : [`${said}\n    at ${titleOf(kase)} (${file}:${line}:1)`]
  return {
    is: outcome === 'failed' ? 'failure' : 'error',
    type: kase.killed ? 'killed' : (failure?.class ?? outcome),
    message: said,
    text: [...whole, ...(failure && reason && reason !== failure.message ? [reason] : [])].join('\n\n'),
  }
}

/** The message first, then where it is, in the form that consumers link: `(plans/x.yaml:12:9)`. */
function explained(failure: Failure, title: string, noticed?: string): string {
  const [message = '', ...rest] = failureText(failure, noticed).split('\n')
  const at = failure.frame ? [`    at ${title} (${whereIs(failure.frame)})`] : []
  return [message, ...at, ...rest].join('\n')
}

function stepCases(kase: CaseRecord): TestCase[] {
  const steps = [...stepsOf(kase)].filter(({ depth }) => depth === 0)
  const cases = steps.map((step) => stepCase(kase, step))
  const whole = kase.failures.length > 0 || kase.killed ? [wholeCase(kase)] : []
  return [...cases, ...whole]
}

function stepCase(kase: CaseRecord, step: StepRecord): TestCase {
  const line = step.planned?.line ?? placeOf(kase).line
  return {
    name: `${titleOf(kase)} › ${step.title}`,
    duration: step.duration,
    file: step.planned?.file ?? kase.planned.file,
    line,
    result: stepResult(step),
    properties: propertiesOf(kase),
    out: [],
  }
}

function stepResult(step: StepRecord): Result | undefined {
  const { outcome = 'errored', failure } = step
  const reason = reasonText(step.reason)
  if (outcome === 'not-run' || outcome === 'skipped') return notRun(reason, false)
  if (!isBad(outcome)) return undefined
  const inner = [...innerFailures(step)]
  const texts = [...(failure ? [explained(failure, step.title, step.noticed)] : []), ...inner]
  const message = cleanLine(failure?.message ?? (reason || 'a step inside it failed'))
  return {
    is: outcome === 'failed' ? 'failure' : 'error',
    type: failure?.class ?? outcome,
    message,
    text: texts.join('\n\n') || message,
  }
}

function* innerFailures(step: StepRecord): Iterable<string> {
  for (const child of step.children) {
    if (child.failure && isBad(child.outcome)) yield explained(child.failure, child.title, child.noticed)
    yield* innerFailures(child)
  }
}

function pointCase(
  kase: CaseRecord,
  step: StepRecord,
  { name, outcome, message }: StepRecord['points'][number],
): TestCase {
  const said = message ?? name
  const results: Readonly<Record<typeof outcome, Result | undefined>> = {
    passed: undefined,
    failed: { is: 'failure', type: 'check', message: cleanLine(said), text: said },
    skipped: { is: 'skipped', type: 'skipped', message: cleanLine(said), text: '' },
  }
  const { file, line } = step.planned ?? placeOf(kase)
  return {
    name: `${titleOf(kase)} › ${step.title}: ${cleanLine(name)}`,
    duration: 0,
    file,
    line,
    result: results[outcome],
    properties: {},
    out: [],
  }
}

function restoredCase(kase: CaseRecord, { title, event }: RestoredRecord): TestCase {
  const said = event.message ?? `${event.outcome}: ${event.title}`
  const bad = event.outcome === 'failed' || event.outcome === 'drifted'
  const result: Result | undefined = bad
    ? { is: 'error', type: `restore.${event.outcome}`, message: cleanLine(said), text: said }
    : event.outcome === 'kept'
      ? { is: 'skipped', type: 'kept', message: 'kept as it is', text: '' }
      : undefined
  const properties = event.unverified ? { proof: 'exit code of the undo' } : {}
  return {
    name: `${titleOf(kase)} › ${title}`,
    duration: event.duration,
    ...placeOf(kase),
    result,
    properties: { outcome: event.outcome, ...properties },
    out: [],
  }
}

function titleOf({ planned }: CaseRecord): string {
  return cleanLine(planned.title) || 'case'
}

/** Where a case failed, else where its first step stands. */
function placeOf(kase: CaseRecord): { file: string; line: number } {
  const frame = badSteps(kase)[0]?.failure?.frame
  if (frame && frame.file === kase.planned.file) return { file: frame.file, line: frame.line }
  return { file: kase.planned.file, line: kase.planned.steps.find(({ file }) => file === kase.planned.file)?.line ?? 1 }
}
