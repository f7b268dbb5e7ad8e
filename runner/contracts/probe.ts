import type { AskedAt, Finding, Miss, Output } from './errors.ts'
import type { Static, TSchema } from './params.ts'
import type { Place } from './source.ts'
import type { LogMark, Target } from './target.ts'
import type { Wake } from './transport.ts'

/**
 * The result of a probe. `$` paths look into `document`; undefined: the reading is not JSON. A field or document whose
 * whole value is not known is an `Incomplete`: nothing may judge a part as the whole.
 */
export interface Reading {
  readonly fields: Readonly<Record<string, unknown>>
  readonly document?: unknown
  /** The reason why there is no document, and its place: `not JSON: line 1, column 7: NaN is not JSON`. */
  readonly noDocument?: string | undefined
  /** In short, for histories and live lines: `200 {"node":"up"}`. */
  readonly says: string
  /** The document's values are text by nature (.env, INI). */
  readonly text?: boolean | undefined
  /** A second way to say a field: a service that runs is `running`, and `healthy` where its health is that. */
  readonly instead?: Readonly<Record<string, unknown>> | undefined
  /** The output of the command that was read. */
  readonly output?: Output | undefined
  /** Why nothing could be read but what `fields` holds: `{reachable: false}`. Only expectations of these can hold. */
  readonly unanswered?: string | undefined
}

export type Taken =
  | Reading
  | {
      readonly untaken: string
      readonly says?: string | undefined
      readonly fields?: undefined
      /** What is known though nothing could be read: `{reachable: false}`. Only expectations of these can hold. */
      readonly known?: Readonly<Record<string, unknown>> | undefined
      /** The output of the command until it was ended. */
      readonly output?: Output | undefined
    }

export interface ProbeContext {
  readonly target: Target
  readonly signal: AbortSignal
  /** How long this one reading may take, in ms. */
  readonly timeout: number
  /** Ms until a wait is over: a probe's own `timeout` never goes beyond it. */
  readonly rest?: number | undefined
  /** Fields and `$` paths that are expected or captured of this reading; what nobody asks for need not be read. Undefined: nobody says. */
  readonly asked?: ReadonlySet<string> | undefined
  /** When the case began, per service: the default of `logs`. */
  logsSince(service: string, since: 'case' | 'step'): LogMark | Promise<LogMark>
  /** Read in the baseline: only here a fingerprint is made, since later the plan may have changed what it is of. */
  readonly isBaseline?: boolean | undefined
  /** Things that probes keep for the length of a case: fingerprints. */
  readonly memory: Map<string, unknown>
  /** Milliseconds of a duration text, with the target's patience. */
  measure(duration: string): number
  /** Whether a reading that is still going on, its open fields `Incomplete`, decides everything that is expected of it. */
  enough?(soFar: Reading): boolean
}

/** Documents one field of a reading. */
export interface Field {
  readonly description: string
  /** `text` fields compare with a number or boolean by its usual spelling. */
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'mapping' | 'any'
  /** A closed list of words, checked at load. */
  readonly words?: readonly string[] | undefined
  /** `none` and `each` hold over an empty list: a log that was read and is empty holds no bad line. */
  readonly emptyHolds?: boolean | undefined
  /** What messages call it, where its name alone would read badly. */
  readonly called?: string | undefined
  /** A number that is never below this: expecting no more than that is an error at load. */
  readonly least?: number | undefined
  /** A number expected of this text is padded with zeros to so many digits: `mode: 600` is "0600". */
  readonly digits?: number | undefined
  /** Tells whether there is an answer at all: expecting it suspends `expects`, and an exit of the service is no reason to give up. */
  readonly reach?: boolean | undefined
}

export interface ProbeKind<P extends TSchema = TSchema> {
  readonly name: string
  readonly summary: string
  /** The value under the probe's name. */
  readonly params: P
  /** Fields that may be expected; the same names stand as short forms beside the probe. */
  readonly fields: Readonly<Record<string, Field>>
  /** Expected unless the plan expects something of one of these fields: `run` exits with 0. */
  readonly expects?: Readonly<Record<string, unknown>> | undefined
  /** A probe that makes a bare condition: `value` must be boolean true. Written as expectations. */
  readonly bare?: Readonly<Record<string, unknown>> | undefined
  readonly examples: readonly unknown[]
  /** What reading it does to the target (default reads). */
  effect?(params: Static<P>): 'reads' | 'changes'
  /** Own checks at load, on raw params that its schema allows. */
  check?(params: unknown, place: Place): Iterable<Finding>
  /** Compared once and not waited for where it stands in a baseline: `fingerprint`. */
  readonly once?: boolean | undefined
  /** A list as its value means each of them: `service: [a, b]`. */
  readonly each?: boolean | undefined
  /** Services this reading depends on: a wait ends at once when one of them exits. Bound or raw params. */
  services?(params: unknown): readonly string[]
  /** Names shown for a condition: `gateway`, `http://gateway/api/state`. */
  subject?(params: unknown): string
  /** The question as asked, for failures: method, URL and headers, the command, the statement, the absolute path. Bound params. */
  asked?(params: Static<P>, target: Target): string
  read(params: Static<P>, context: ProbeContext): Promise<Taken>
  /** Resolves once subscribed; undefined where nothing can tell of a change. */
  watch?(params: Static<P>, context: ProbeContext, wake: Wake): Promise<AsyncDisposable | undefined>
}

/**
 * Keeps the types of params inside a kind and forgets them outside of it.
 */
export function defineProbe<P extends TSchema>(kind: ProbeKind<P>): ProbeKind {
  return kind as unknown as ProbeKind
}

export interface TakenReading extends Reading {
  readonly probe: string
}

/**
 * Three-valued, so that `none` and `not` are never satisfied by a reading that was not taken. `unanswered`: it fails because a
 * matcher does not apply to the value or the value is absent, so that its negation fails, too.
 */
export type Verdict =
  | { readonly is: 'holds'; readonly readings: readonly TakenReading[] }
  | ({
      readonly is: 'fails'
      readonly misses: readonly Miss[]
      readonly readings: readonly TakenReading[]
      readonly unanswered?: boolean | undefined
    } & Evidence)
  | ({
      readonly is: 'untaken'
      readonly why: string
      readonly place: Place
      readonly readings: readonly TakenReading[]
    } & Evidence)

/** Explanations of a verdict beside its words: from those parts of the condition that fell short. */
export interface Evidence {
  readonly asked?: readonly AskedAt[] | undefined
  readonly outputs?: readonly Output[] | undefined
}

/** A condition, opaque to steps. */
export interface Condition {
  readonly place: Place
  /** In words: `gateway: state healthy`. */
  readonly says: string
  /** The services it depends on, and whether it names their `state` or `exit`. */
  readonly services: readonly { readonly name: string; readonly namesState: boolean }[]
  /** The questions of all of its parts. */
  asked(target: Target): readonly AskedAt[]
  check(context: ProbeContext): Promise<Verdict>
  watch(context: ProbeContext, wake: Wake): Promise<AsyncDisposable>
}
