/**
 * Which texts of an event are free: words for people, into which a system under test can put anything. Secrets are masked
 * in these alone. Everything else is structure (ids, outcomes, our own paths), and a secret that is the word `failed` must
 * not turn a failed run into another one.
 */
import type { FailedCheck, Failure, OutputTail, PlannedCase, PlannedStep, RunEventBody } from './events.ts'
import type { Frame } from './source.ts'

/** `lines` belong together: a secret may run over several of them. */
type Mark = 'text' | 'lines' | 'kept'

/** Every text of a type has to be marked; words of a closed list are structure. */
export type Marks<T> = {
  readonly [K in keyof T as HoldsText<NonNullable<T[K]>> extends true ? K : never]-?: MarkOf<NonNullable<T[K]>>
}

type HoldsText<T> = T extends string ? true : T extends object ? true : unknown extends T ? true : false

type MarkOf<T> = [T] extends [string]
  ? string extends T
    ? 'text' | 'kept'
    : 'kept'
  : [T] extends [readonly string[]]
    ? Mark
    : [T] extends [readonly (infer I)[]]
      ? Marks<I>
      : string extends keyof T
        ? 'text'
        : Marks<T>

const frame: Marks<Frame> = { file: 'kept', lines: { text: 'text' } }

const check: Marks<FailedCheck> = { frame, path: 'text', expected: 'text', actual: 'text', diff: 'lines' }

const outputs: Marks<OutputTail> = { of: 'text', stream: 'kept', lines: 'lines', path: 'kept' }

const failure: Marks<Failure> = {
  class: 'kept',
  message: 'text',
  frame,
  checks: check,
  asked: { text: 'text', values: 'text' },
  outputs,
  history: { says: 'text' },
  last: 'text',
  logs: { service: 'kept', lines: 'lines' },
  hint: 'text',
  stack: 'text',
}

const reason = { class: 'kept', message: 'text' } as const

const plannedStep: Marks<PlannedStep> = {
  id: 'kept',
  title: 'text',
  kind: 'kept',
  phase: 'kept',
  file: 'kept',
  parent: 'kept',
}

const plannedCase: Marks<PlannedCase> = {
  id: 'kept',
  file: 'kept',
  plan: 'text',
  description: 'text',
  title: 'text',
  target: 'kept',
  matrix: 'text',
  tags: 'kept',
  steps: plannedStep,
}

type EventOf<K extends RunEventBody['is']> = Extract<RunEventBody, { is: K }>

export const freeText: { readonly [K in RunEventBody['is']]: Marks<EventOf<K>> } = {
  'run.started': {
    is: 'kept',
    run: 'kept',
    version: 'kept',
    at: 'kept',
    host: 'kept',
    results: 'kept',
    cases: plannedCase,
  },
  'case.started': { is: 'kept', case: 'kept', at: 'kept' },
  'phase.started': { is: 'kept', case: 'kept', phase: 'kept' },
  'step.started': {
    is: 'kept',
    case: 'kept',
    step: 'kept',
    planned: 'kept',
    title: 'text',
    kind: 'kept',
    phase: 'kept',
    parent: 'kept',
  },
  'step.waiting': { is: 'kept', case: 'kept', step: 'kept', says: 'text' },
  'step.note': { is: 'kept', case: 'kept', step: 'kept', message: 'text' },
  'step.ended': {
    is: 'kept',
    case: 'kept',
    step: 'kept',
    outcome: 'kept',
    failure,
    reason,
    noticed: 'text',
    reading: 'text',
  },
  point: { is: 'kept', case: 'kept', step: 'kept', name: 'text', outcome: 'kept', message: 'text' },
  change: {
    is: 'kept',
    case: 'kept',
    step: 'kept',
    state: 'kept',
    does: 'text',
    evidence: 'text',
    without: 'text',
  },
  restored: {
    is: 'kept',
    case: 'kept',
    title: 'text',
    outcome: 'kept',
    by: 'kept',
    message: 'text',
    outputs,
    hint: 'text',
  },
  // Names of files are masked before the files are made.
  attachment: { is: 'kept', case: 'kept', step: 'kept', name: 'kept', path: 'kept' },
  'case.ended': { is: 'kept', case: 'kept', outcome: 'kept', reason, failures: failure, restored: 'kept' },
  note: { is: 'kept', case: 'kept', message: 'text', level: 'kept' },
  interrupted: { is: 'kept', signal: 'kept', message: 'text' },
  'run.ended': { is: 'kept', counts: {}, interrupted: 'kept', left: 'kept' },
}
