import type { Frame, Place } from './source.ts'

/**
 * Errors are told apart by a brand and not by `instanceof`: a plugin out of another package may carry
 * a second copy of these classes.
 */
const BRAND = Symbol.for('shakedown.error')

export type ErrorClass = 'plan' | 'usage' | 'check' | 'target' | 'skip' | 'restore' | 'busy' | 'interrupted'

/** One thing that is wrong with what a person wrote. */
export interface Finding {
  /** A short stable name: `unknown-key`, `bad-duration`. */
  readonly code: string
  readonly message: string
  readonly place: Place
  /** What to do next. */
  readonly hint?: string | undefined
  readonly level: 'error' | 'warning'
}

/** A finding whose spot was looked up in the text. */
export interface Located extends Finding {
  readonly frame: Frame
}

abstract class Branded extends Error {
  abstract readonly is: ErrorClass
  readonly [BRAND] = true
}

/** What is wrong with plans, targets or inputs before anything runs. Exit code 2. */
export class PlanError extends Branded {
  readonly is = 'plan'
  readonly findings: readonly (Finding | Located)[]
  constructor(findings: readonly (Finding | Located)[]) {
    super(findings.map((finding) => finding.message).join('\n'))
    this.findings = findings
  }
}

/** A command line that makes no sense. Exit code 2. */
export class UsageError extends Branded {
  readonly is = 'usage'
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** One expectation that was not met. */
export interface Miss {
  /** The exact key of the plan that asked for it. */
  readonly place?: Place | undefined
  /** `$.node`, `status`, `state`. */
  readonly path: string
  /** In words: `equals "up"`, `at least 1`. */
  readonly expected: string
  /** In words, shortened: `"down"`, `absent`, `not JSON`. */
  readonly actual: string
  /** Both values where a diff of documents helps. Plain JSON. */
  readonly values?: { readonly expected: unknown; readonly actual: unknown } | undefined
  /** The next thing for the user to do. */
  readonly hint?: string | undefined
}

/** The question as asked, with every expression filled in: `GET http://127.0.0.1:8080/nodes/12`. */
export interface AskedAt {
  /** May have several lines. */
  readonly text: string
  /** It is only the condition in words, which the plan's lines show already: kept where values stand in it. */
  readonly inWords?: boolean | undefined
  /** The condition that asked. */
  readonly place?: Place | undefined
  /** The services that the answer depends on. */
  readonly services?: readonly string[] | undefined
}

/** The whole output of a command. */
export interface Output {
  /** `docker compose build`, `the health check of web`: the command as messages call it. */
  readonly of: string
  readonly stdout?: Uint8Array | undefined
  readonly stderr?: Uint8Array | undefined
  /** The streams that lost their end at a limit of bytes. */
  readonly cut?: { readonly stdout: boolean; readonly stderr: boolean } | undefined
}

/** How a value changed while it was waited for. Times in ms since the wait began. */
export interface HistoryEntry {
  readonly t: number
  readonly says: string
  /** How many readings in a row said so. */
  readonly times: number
}

export interface ServiceLines {
  readonly service: string
  readonly lines: readonly string[]
}

export interface FailureDetails {
  /** Points at the step or its key when no miss has a place of its own. */
  readonly place?: Place | undefined
  readonly misses?: readonly Miss[] | undefined
  readonly history?: readonly HistoryEntry[] | undefined
  /** What the last reading was, in words. */
  readonly last?: string | undefined
  readonly logs?: readonly ServiceLines[] | undefined
  readonly asked?: readonly AskedAt[] | undefined
  /** The output of the failed commands. */
  readonly outputs?: readonly Output[] | undefined
  readonly hint?: string | undefined
}

/** The plan's expectation was not met: the case failed. */
export class CheckFailure extends Branded {
  readonly is = 'check'
  readonly details: FailureDetails
  constructor(message: string, details: FailureDetails = {}) {
    super(message)
    this.details = details
  }
}

/** The environment, not the expectation: a dead transport, daemon or runtime. The case is errored. */
export class TargetError extends Branded {
  readonly is = 'target'
  /** Trying again may help. */
  readonly transient: boolean
  /** A change was under way and nobody knows whether it was made. */
  readonly unknownOutcome: boolean
  readonly details: FailureDetails
  constructor(
    message: string,
    options: { transient?: boolean; unknownOutcome?: boolean; cause?: unknown; details?: FailureDetails } = {},
  ) {
    super(message, { cause: options.cause })
    this.transient = options.transient ?? false
    this.unknownOutcome = options.unknownOutcome ?? false
    this.details = options.details ?? {}
  }
}

export type SkipClass = 'unavailable' | 'by-design' | 'covered-elsewhere'

/** The case does not apply here; never counted as passed. */
export class Skip extends Branded {
  readonly is = 'skip'
  readonly class: SkipClass
  constructor(reason: string, skipClass: SkipClass = 'unavailable') {
    super(reason)
    this.class = skipClass
  }
}

/** Something could not be put back. Exit code 4. */
export class RestoreError extends Branded {
  readonly is = 'restore'
}

/** Another run holds the target. Exit code 75. */
export class BusyError extends Branded {
  readonly is = 'busy'
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** The run was told to stop. */
export class Interrupted extends Branded {
  readonly is = 'interrupted'
}

interface ErrorsByClass {
  plan: PlanError
  usage: UsageError
  check: CheckFailure
  target: TargetError
  skip: Skip
  restore: RestoreError
  busy: BusyError
  interrupted: Interrupted
}

/** Whether `error` is one of ours, of that class. */
export function isError<C extends ErrorClass>(error: unknown, of: C): error is ErrorsByClass[C] {
  return typeof error === 'object' && error !== null && BRAND in error && (error as unknown as Branded).is === of
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
