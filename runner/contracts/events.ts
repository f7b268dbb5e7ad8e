/**
 * What happens in a run, as plain JSON: bounded, redacted before anybody sees it, and complete, so that every report
 * can be made again from `events.ndjson` alone, also of a run that was killed.
 */
import type { HistoryEntry, ServiceLines, SkipClass } from './errors.ts'
import type { Frame } from './source.ts'
import type { UndoState } from './undo.ts'

/** `warned`: failed, but it may (`continue-on-error`, `on-failure`). `checked`: as far as `--check` goes. */
export type Outcome = 'passed' | 'failed' | 'errored' | 'skipped' | 'not-run' | 'warned' | 'checked'

export type Phase =
  | 'lock'
  | 'up'
  | 'preflight'
  | 'requires'
  | 'baseline'
  | 'steps'
  | 'on-failure'
  | 'always'
  | 'restore'
  | 'baseline-again'
  | 'last-resort'
  | 'down'

/** A step as the plan has it, before anything ran. */
export interface PlannedStep {
  /** `steps/2`, `always/0`, `steps/3/group/1`: where it stands. */
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly phase: Phase
  readonly file: string
  readonly line: number
  readonly column: number
  /** The id of the step it is nested in. */
  readonly parent?: string | undefined
}

export interface PlannedCase {
  readonly id: string
  /** The plan's file as the user named it, relative to the working directory, with `/`. */
  readonly file: string
  readonly plan: string
  readonly description?: string | undefined
  /** Title with its matrix: `Node down [pool=main]`. */
  readonly title: string
  readonly target: string
  readonly matrix?: Readonly<Record<string, unknown>> | undefined
  readonly tags: readonly string[]
  readonly steps: readonly PlannedStep[]
}

/** An expectation that was not met, located and in words. */
export interface FailedCheck {
  readonly frame?: Frame | undefined
  readonly path: string
  readonly expected: string
  readonly actual: string
  /** Unified diff lines, where both are documents or long texts. */
  readonly diff?: readonly string[] | undefined
}

/** The question as asked, with every expression filled in. */
export interface Asked {
  /** `GET http://127.0.0.1:8080/nodes/12`, a command, a statement, a path. May have several lines. */
  readonly text: string
  /** The captures, inputs and variables in it, and expressions that compute something: plain JSON by name. */
  readonly values: Readonly<Record<string, unknown>>
}

/** The end of a command's output to one stream. */
export interface OutputTail {
  /** `docker compose build`, `the health check of web`: the command as messages call it. */
  readonly of: string
  readonly stream: 'stdout' | 'stderr'
  /** The last lines, 40 at most. */
  readonly lines: readonly string[]
  /** How many lines there were. */
  readonly total: number
  /** More was written: the stream was cut at a limit of bytes. */
  readonly cut?: boolean | undefined
  /** The file in the results folder that holds all of it, up to the cut. */
  readonly path?: string | undefined
}

/** Everything that explains a failure. */
export interface Failure {
  /** `check`: the expectation; `target`: the environment; `restore`; `internal`: a bug of ours. */
  readonly class: 'check' | 'target' | 'restore' | 'internal'
  readonly message: string
  /** The plan's line. */
  readonly frame?: Frame | undefined
  readonly checks: readonly FailedCheck[]
  /** A miss for each reading that was not as expected; a wait has the misses of its last look. */
  readonly asked?: readonly Asked[] | undefined
  /** The output of commands that failed or were ended. */
  readonly outputs?: readonly OutputTail[] | undefined
  /** How the value changed while it was waited for. */
  readonly history: readonly HistoryEntry[]
  readonly last?: string | undefined
  readonly logs: readonly ServiceLines[]
  readonly hint?: string | undefined
  /** Only of bugs of ours. */
  readonly stack?: string | undefined
}

export interface Reason {
  readonly class?: SkipClass | undefined
  readonly message: string
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly errored: number
  readonly skipped: number
  readonly notRun: number
  readonly checked: number
}

/** How a target stands at the end of a case. */
export type RestoreOutcome = 'restored' | 'drifted' | 'failed' | 'kept'

export type RunEventBody =
  | {
      readonly is: 'run.started'
      readonly run: string
      readonly version: string
      /** UTC, ISO 8601. */
      readonly at: string
      readonly host: string
      /** Folder of the results, as the user named it. */
      readonly results: string
      readonly cases: readonly PlannedCase[]
    }
  | { readonly is: 'case.started'; readonly case: string /** UTC, ISO 8601 */; readonly at: string }
  | { readonly is: 'phase.started'; readonly case: string; readonly phase: Phase }
  | {
      readonly is: 'step.started'
      readonly case: string
      /** Id of the planned step, with `#2` for a round of for-each or repeat. */
      readonly step: string
      readonly planned: string
      readonly title: string
      readonly kind: string
      readonly phase: Phase
      readonly depth: number
      readonly parent?: string | undefined
    }
  | {
      readonly is: 'step.waiting'
      readonly case: string
      readonly step: string
      /** The last reading, in words. */
      readonly says: string
      /** ms since the wait began, and its limit. */
      readonly elapsed: number
      readonly within: number
    }
  | { readonly is: 'step.note'; readonly case: string; readonly step: string; readonly message: string }
  | {
      readonly is: 'step.ended'
      readonly case: string
      readonly step: string
      readonly outcome: Outcome
      /** ms. */
      readonly duration: number
      readonly failure?: Failure | undefined
      readonly reason?: Reason | undefined
      /** `noticed by: node exited`, `after 3 readings`: how a wait came to its end. */
      readonly noticed?: string | undefined
      readonly reading?: string | undefined
    }
  | {
      /** A sub-result of a step: a test point of its own. */
      readonly is: 'point'
      readonly case: string
      readonly step: string
      readonly name: string
      readonly outcome: 'passed' | 'failed' | 'skipped'
      readonly message?: string | undefined
    }
  | {
      readonly is: 'change'
      readonly case: string
      readonly step?: string | undefined
      readonly entry: number
      readonly state: UndoState
      readonly does: string
      /** How it was seen that it took effect. */
      readonly evidence?: string | undefined
      /** `not undoable`, `nothing to put back`. */
      readonly without?: string | undefined
    }
  | {
      /** A thing that was put back at the end of a case or by a `restore` step: a test point of its own. */
      readonly is: 'restored'
      readonly case: string
      readonly entry: number
      /** `node is running`. */
      readonly title: string
      readonly outcome: RestoreOutcome
      readonly duration: number
      /** Without a verify script, the undo's exit code had to do. */
      readonly unverified?: boolean | undefined
      /** By a step of the plan or at the end of the case. */
      readonly by: 'step' | 'end' | 'for'
      readonly message?: string | undefined
      /** The output of the undo and its verify, when it failed. */
      readonly outputs?: readonly OutputTail[] | undefined
      /** The next thing for the user to do. */
      readonly hint?: string | undefined
    }
  | {
      readonly is: 'attachment'
      readonly case: string
      readonly step?: string | undefined
      readonly name: string
      readonly path: string
    }
  | {
      readonly is: 'case.ended'
      readonly case: string
      readonly outcome: Outcome
      /** ms. */
      readonly duration: number
      readonly reason?: Reason | undefined
      /** What failed outside of any step: a stack that does not come up, a baseline. */
      readonly failures: readonly Failure[]
      /** Undefined when nothing had to be put back. */
      readonly restored?: RestoreOutcome | undefined
    }
  | {
      readonly is: 'note'
      readonly case?: string | undefined
      readonly message: string
      readonly level: 'info' | 'warning'
    }
  | { readonly is: 'interrupted'; readonly signal: string; readonly message: string }
  | {
      readonly is: 'run.ended'
      readonly exit: number
      readonly counts: Counts
      /** ms. */
      readonly duration: number
      readonly interrupted?: string | undefined
      /** What to type when something was left: `bun run plan restore …`. */
      readonly left?: string | undefined
    }

/** `seq` counts from 1; `t` is ms since the run began, by a clock that no plan can set. */
export type RunEvent = { readonly seq: number; readonly t: number } & RunEventBody

/** Where a reporter writes. stdout belongs to one reporter at most; a live line only goes to a terminal. */
export interface Sink {
  write(text: string): void
  /** Columns of the terminal; undefined when it is none. */
  readonly columns?: number | undefined
  /** 0 none, 1 basic, 2, 3 true colour: decided once, by flag, NO_COLOR, FORCE_COLOR and the terminal. */
  readonly color: 0 | 1 | 2 | 3
}

export interface ReporterOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  /** Words after the name: `junit.strict:out.xml` → `['strict']`. */
  readonly options: readonly string[]
}

/** A reporter is a function of events. */
export interface Reporter {
  event(event: RunEvent): void
  /** After `run.ended`; also called when the log ends without one (a run that was killed). Must be safe to call once only. */
  end(): void
}

export interface ReporterKind {
  readonly name: string
  readonly summary: string
  /** A file of this name in the results folder, where no path is given and stdout is taken. Absent: it goes to stdout or to a path. */
  readonly defaultPath?: string | undefined
  readonly options?: Readonly<Record<string, string>> | undefined
  /** A promise for those that load their report with the first use: most commands print none. */
  open(sink: Sink, options: ReporterOptions): Reporter | Promise<Reporter>
}
