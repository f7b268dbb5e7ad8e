/** Plans, targets and cases after loading: what the plan room makes and the engine runs. */
import type { PlainCondition, PlainSteps } from './params.ts'
import type { Frame, Place } from './source.ts'
import type { Fragment } from './step.ts'

/** A file that was read, with its positions. Mappings and lists in `tree` are marked with their place. */
export interface Document {
  readonly file: string
  readonly tree: unknown
  /** Line, column and code frame of a place in this file. */
  frame(place: Place): Frame
}

/** Documents by file, to look places up. */
export interface Sources {
  frame(place: Place): Frame
}

export interface Input {
  readonly default?: unknown
  readonly required?: boolean | undefined
  readonly description?: string | undefined
  readonly type?: 'text' | 'number' | 'boolean' | 'duration' | 'size' | 'list' | undefined
  readonly 'one-of'?: readonly unknown[] | undefined
}

export type Secret =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: string | readonly string[] }

/** One prerequisite: a condition, or `input: NAME`. */
export type Requirement = {
  readonly input?: string
  readonly if?: unknown
  readonly class?: 'unavailable' | 'by-design' | 'covered-elsewhere'
  readonly reason?: string
  readonly see?: string
} & PlainCondition

export interface Plan {
  readonly document: Document
  readonly place: Place
  readonly title: string
  readonly description?: string | undefined
  readonly tags: readonly string[]
  readonly covers: readonly string[]
  /** The target's name as the plan has it; a list allows several, the first is the default. */
  readonly targets: readonly string[]
  /** `target: {name, variables}`. */
  readonly targetVariables: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, Input>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, Secret>>
  readonly requires: readonly Requirement[]
  readonly matrix?: Readonly<Record<string, unknown>> | undefined
  readonly baseline: readonly PlainCondition[]
  readonly lock?: 'exclusive' | 'shared' | undefined
  readonly steps: PlainSteps
  readonly onFailure: PlainSteps
  readonly always: PlainSteps
  readonly lastResort: PlainSteps
  readonly timeout?: string | undefined
  /** By the path as it is written in a `use`. */
  readonly fragments: ReadonlyMap<string, Fragment>
}

/** A target of targets.yaml. */
export interface TargetSpec {
  readonly name: string
  readonly document: Document
  readonly place: Place
  /** Absolute folder of targets.yaml. */
  readonly home: string
  readonly runtime: string
  /** The whole mapping, raw: expressions not yet evaluated. */
  readonly config: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly defaults: Readonly<Record<string, unknown>>
  readonly protect: boolean
  /** Declared services, where that can be told. */
  readonly services?: readonly string[] | undefined
  /** Services that are known to have no port. */
  readonly portless?: readonly string[] | undefined
}

/** A plan with one row of its matrix, on one target. */
export interface Case {
  readonly id: string
  readonly plan: Plan
  readonly target: TargetSpec
  readonly matrix: Readonly<Record<string, unknown>>
  /** With the matrix in brackets. */
  readonly title: string
  readonly inputs: Readonly<Record<string, unknown>>
  /** Decided while expanding: the plan does not apply to this target. */
  readonly skip?:
    | { readonly class: 'unavailable' | 'by-design' | 'covered-elsewhere'; readonly reason: string }
    | undefined
}

/** Keys that may stand beside any step kind. */
export interface CommonKeys {
  readonly name?: string
  readonly id?: string
  readonly if?: unknown
  readonly timeout?: string
  readonly capture?: Readonly<Record<string, unknown>>
  readonly expect?: Readonly<Record<string, unknown>>
  readonly undo?: unknown
  readonly verify?: unknown
  /** A boolean, or an expression that gives one. */
  readonly 'continue-on-error'?: unknown
  readonly 'for-each'?: unknown
  readonly repeat?: unknown
}
