/** The test cases that a case of the plan comes to: itself or its steps, what was put back, and sub-results. */
import { failureText } from '../failure-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, type RestoredRecord, reasonText, type StepRecord, stepsOf } from '../record.ts'
import { cutOffStep, failuresOf } from '../verdict.ts'
import { caseResult, pointResult, type Result, restoredResult, stepResult } from './results.ts'

export interface TestCase {
  readonly name: string
  /** ms. */
  readonly duration: number
  readonly file: string
  readonly line: number
  readonly result?: Result | undefined
  readonly properties: Readonly<Record<string, string>>
  /** What happened, a line a step, and the files that belong to it. */
  readonly out: readonly string[]
}

export function testCases(kase: CaseRecord, bySteps: boolean): TestCase[] {
  const points = [...stepsOf(kase)].flatMap((step) => step.points.map((point) => pointCase(kase, step, point)))
  const restored = kase.items.flatMap((item) => (item.is === 'restored' ? [restoredCase(kase, item)] : []))
  return [...ownCases(kase, bySteps), ...points, ...restored]
}

/** By steps, the case itself is only told of where something is wrong with it that is in no step. */
function ownCases(kase: CaseRecord, bySteps: boolean): TestCase[] {
  const steps = kase.items.flatMap((item) => (item.is === 'step' ? [stepCase(kase, item)] : []))
  if (!bySteps || steps.length === 0) return [wholeCase(kase)]
  const inSteps = kase.failures.length === 0 && !kase.killed
  return inSteps ? steps : [...steps, wholeCase(kase)]
}

function wholeCase(kase: CaseRecord): TestCase {
  return {
    name: titleOf(kase),
    duration: kase.duration,
    ...placeOf(kase),
    result: caseResult(kase, titleOf(kase), placeOf(kase)),
    properties: propertiesOf(kase),
    out: [
      ...kase.warnings.map((warning) => `warning: ${cleanLine(warning)}`),
      ...[...stepsOf(kase)].map(stepLine),
      // Jenkins and GitLab find files that belong to a case by this.
      ...kase.attachments.map(({ path }) => `[[ATTACHMENT|${path}]]`),
    ],
  }
}

/** Warnings are explained here: they have no `failure` of their own. */
function stepLine({ title, depth, outcome = 'errored', duration, reason, failure, noticed }: StepRecord): string {
  const why = reason ? `: ${reasonText(reason)}` : ''
  const indent = '  '.repeat(depth)
  const explained = outcome === 'warned' && failure ? failureText(failure, { noticed, title }).split('\n') : []
  const line = `${indent}${outcome}: ${title} (${(duration / 1000).toFixed(3)} s)${why}`
  return [line, ...explained.map((text) => `${indent}    ${text}`.trimEnd())].join('\n')
}

function propertiesOf({ planned, outcome = 'errored', restored, reason }: CaseRecord): Record<string, string> {
  const matrix = Object.entries(planned.matrix ?? {}).map(([axis, value]) => [`matrix.${axis}`, valueText(value)])
  return {
    plan: planned.plan,
    ...(planned.description ? { description: planned.description } : {}),
    target: planned.target,
    ...Object.fromEntries(matrix),
    ...(planned.tags.length > 0 ? { tags: planned.tags.join(' ') } : {}),
    outcome,
    ...(restored ? { restored } : {}),
    ...(reason?.class ? { 'skip.class': reason.class } : {}),
  }
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function stepCase(kase: CaseRecord, step: StepRecord): TestCase {
  const { file, line } = step.planned ?? placeOf(kase)
  const name = `${titleOf(kase)} › ${step.title}`
  return { name, duration: step.duration, file, line, result: stepResult(step), properties: {}, out: [] }
}

function pointCase(kase: CaseRecord, step: StepRecord, point: StepRecord['points'][number]): TestCase {
  const { file, line } = step.planned ?? placeOf(kase)
  const name = `${titleOf(kase)} › ${step.title}: ${cleanLine(point.name)}`
  return { name, duration: 0, file, line, result: pointResult(point), properties: {}, out: [] }
}

function restoredCase(kase: CaseRecord, item: RestoredRecord): TestCase {
  const { outcome, duration, unverified, message } = item.event
  const out = outcome === 'restored' && message !== undefined ? [message] : []
  const properties = { outcome, ...(unverified ? { proof: 'the exit code of the undo' } : {}) }
  const name = `${titleOf(kase)} › ${item.title}`
  return { name, duration, ...placeOf(kase), result: restoredResult(item), properties, out }
}

function titleOf({ planned }: CaseRecord): string {
  return cleanLine(planned.title) || 'case'
}

/** Where a case failed, else where its first step stands. */
function placeOf(kase: CaseRecord): { file: string; line: number } {
  const { file, steps } = kase.planned
  const frame = failuresOf(kase).find(({ failure }) => failure.frame?.file === file)?.failure.frame
  const line = frame?.line ?? cutOffStep(kase)?.planned?.line
  return { file, line: line ?? steps.find((step) => step.file === file)?.line ?? 1 }
}
