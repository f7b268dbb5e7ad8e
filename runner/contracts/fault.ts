import type { Finding } from './errors.ts'
import type { Static, TProperties, TSchema } from './params.ts'
import type { CheckContext } from './step.ts'
import type { Target } from './target.ts'
import type { Account, Change } from './undo.ts'

export interface FaultContext {
  readonly target: Target
  readonly signal: AbortSignal
  measure(duration: string): number
}

export interface FaultKind<P extends TSchema = TSchema, O extends TProperties = TProperties> {
  readonly name: string
  readonly summary: string
  /** The value under the fault's name: usually `services(…)`. */
  readonly params: P
  /** Keys that stand beside the fault's name: `signal` of `kill`. */
  readonly options: O
  /** Options that have to be there. */
  readonly required?: readonly (keyof O & string)[] | undefined
  readonly examples: readonly unknown[]
  /** What it does and how it ends, for `show`; touches nothing. */
  describe(params: Static<P>, options: Options<O>): readonly Account[]
  /** Services it breaks, bound or raw, to tell overlaps at load. */
  services?(params: unknown): readonly string[]
  /** Own checks at load, on raw params and options. */
  check?(params: unknown, options: Options<O>, context: CheckContext): Iterable<Finding>
  /** Only reads. Says why not with a `Skip`, when the target can't. */
  prepare(params: Static<P>, options: Options<O>, context: FaultContext): Promise<readonly Change[]>
  /** Asked before the first change of a case; a text says why the target can't, which makes the case SKIPPED as unavailable. Params and options are raw where they hold expressions. */
  preflight?(params: unknown, context: FaultContext, options: Options<O>): Promise<string | undefined>
}

export type Options<O extends TProperties> = { [K in keyof O]?: Static<O[K]> }

/** Keeps the types of params inside a kind and forgets them outside of it. */
export function defineFault<P extends TSchema, O extends TProperties>(kind: FaultKind<P, O>): FaultKind {
  return kind as unknown as FaultKind
}
