import type { CheckFailure, Finding } from './errors.ts'
import type { PlainCondition, PlainFault, PlainSteps, Static, TSchema } from './params.ts'
import type { Condition, Field, Reading, Verdict } from './probe.ts'
import type { Place } from './source.ts'
import type { LogMark, Target } from './target.ts'
import type { Account, Change } from './undo.ts'

/** What a step does to its target; the most of its steps decides about the lock and `--check`. */
export type Effect = 'none' | 'reads' | 'changes' | 'breaks'

export interface WaitLimits {
  /** Durations as in the plan; `within` defaults to 30s. */
  readonly within?: string | undefined
  readonly hold?: string | undefined
  readonly every?: string | undefined
  readonly failIf?: Condition | undefined
}

export interface StepsEnd {
  readonly outcome: 'passed' | 'failed' | 'not-run'
  readonly captures: Readonly<Record<string, unknown>>
  /** The first failure, when the steps ended by one that stops. */
  readonly error?: unknown
}

/** A fragment as `use` sees it. */
export interface Fragment {
  readonly file: string
  readonly title: string
  readonly inputs: Readonly<Record<string, { default?: unknown; required?: boolean; type?: string }>>
  readonly steps: PlainSteps
  /** Name → expression. */
  readonly outputs: Readonly<Record<string, unknown>>
  /** Those that its own steps use, by the path as it is written there. */
  readonly fragments?: ReadonlyMap<string, Fragment> | undefined
}

/** What a kind needs at run time. */
export interface Context {
  readonly target: Target
  /** Ends with the step's timeout or when the run is interrupted. */
  readonly signal: AbortSignal
  readonly step: { readonly id: string; readonly title: string; readonly place: Place }
  /** Milliseconds of a duration text, with the target's patience. */
  measure(duration: string): number
  /** Makes a condition of a mapping of the plan; keys that belong to no condition are passed over. */
  condition(plain: PlainCondition | object): Condition
  /** Takes one reading; an untaken one is a verdict, not an error. */
  check(condition: Condition): Promise<Verdict>
  /** Takes one reading and throws a CheckFailure unless it holds. */
  assert(condition: Condition): Promise<Reading>
  /** Throws a CheckFailure when the time is over. */
  wait(condition: Condition, limits: WaitLimits): Promise<Reading>
  /** Throws a CheckFailure when the condition breaks before the time is over. */
  hold(condition: Condition, limits: { for: string; every?: string | undefined }): Promise<Reading>
  /** Whether a reading that is still going on decides all that the step expects, and nothing is captured of it. */
  enough?(soFar: Reading): boolean
  /** Checks a reading that the step took itself against expectations. Throws a CheckFailure. */
  expect(reading: Reading, expectations: Readonly<Record<string, unknown>>): void
  /** The one door for changes: journals, makes, verifies and marks each. Throws a CheckFailure for one without effect. */
  change(
    changes: Change | readonly Change[],
    options?: { for?: string | undefined; overlap?: boolean | undefined },
  ): Promise<readonly string[]>
  /** Prepares the fault that stands in a mapping of the plan. */
  fault(plain: PlainFault | object): Promise<readonly Change[]>
  /** Undoes what a step id, a service, a list of them, or `all` stands for; verified. */
  restore(what: string | readonly string[]): Promise<readonly string[]>
  /** Runs nested steps one after another, each bound when it runs. */
  run(
    steps: PlainSteps,
    options?: { label?: string; names?: Readonly<Record<string, unknown>>; only?: boolean },
  ): Promise<StepsEnd>
  /** The fragment that `includes` named. */
  fragment(path: string): Fragment
  /** Evaluates expressions in a plain value against names (those of a fragment's end). */
  evaluate<T>(plain: T, names: Readonly<Record<string, unknown>>): T
  logsSince(service: string, since: 'case' | 'step'): LogMark | Promise<LogMark>
  /** What a wait shows while it goes on. */
  progress(says: string): void
  /** A sub-result with a name of its own; it becomes a test point. */
  point(point: { name: string; outcome: 'passed' | 'failed' | 'skipped'; message?: string }): void
  /** Adds a file to the results; its content is redacted, and may come in pieces of text. Returns its path within the results. */
  attach(name: string, content: Content): Promise<string>
  note(message: string): void
}

/** The content to write to a file. */
export type Content = Uint8Array | string | Iterable<string>

/** What a check at load may ask. */
export interface CheckContext {
  readonly place: Place
  readonly file: string
  finding(at: Place, code: string, message: string, hint?: string): Finding
}

export interface StepKind<P extends TSchema = TSchema> {
  readonly name: string
  readonly summary: string
  readonly params: P
  readonly effect: Effect | ((params: unknown) => Effect)
  /** What a failure means for the case: assertions are collected, the rest stops. */
  readonly failure?: 'collect' | 'stop' | undefined
  /** The fields of its reading, for `expect` and `capture`; absent: no reading of its own. 'condition': those of its probe. */
  readonly reading?: Readonly<Record<string, Field>> | 'condition' | undefined
  /** Expected of the reading unless the plan expects something of the same field. */
  readonly expects?: Readonly<Record<string, unknown>> | undefined
  /** Whether `undo` and `verify` may stand beside it. */
  readonly undoable?: boolean | undefined
  /** Default of the common key `timeout`; absent: none of its own (waits have `within`). */
  readonly timeout?: string | undefined
  readonly examples: readonly unknown[]
  /** What it will change, for `show`; raw params, touches nothing. */
  describe?(params: unknown): readonly Account[]
  /** Own checks at load, on raw params. */
  check?(params: unknown, context: CheckContext): Iterable<Finding>
  /** The question as asked, for failures: see `ProbeKind.asked`. Bound params. */
  asked?(params: Static<P>, target: Target): string
  /** The services that its reading depends on: a failure shows their last log lines. Bound params. */
  services?(params: unknown): readonly string[]
  /** Fragment files it brings in, relative to the plan. */
  includes?(params: unknown): { readonly path: string; readonly at: readonly (string | number)[] } | undefined
  /** Step ids and services it refers to, when it restores: for the check that something can be there. */
  restores?(params: unknown): readonly string[] | undefined
  run(params: Static<P>, context: Context): Promise<Reading | undefined>
}

/** Keeps the types of params inside a kind and forgets them outside of it. */
export function defineStep<P extends TSchema>(kind: StepKind<P>): StepKind {
  return kind as unknown as StepKind
}

export type { CheckFailure }
