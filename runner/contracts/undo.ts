/** What is put back, and how: data, and shell. See `restore.md`. */

/** What an undo or a fault touches, to tell overlaps and to find it again. */
export type Touch =
  | { readonly service: string }
  | { readonly file: string; readonly in?: string | undefined }
  | { readonly target: true }

/**
 * How to put something back. `sh` and `verify` are run as files of the journal's folder (`sh NNNN.sh`), so
 * `"${0%.*}.NAME"` is what was kept aside under NAME. Both are idempotent and guarded.
 *
 * Exit codes of `sh`: 0 done (or nothing left to do), 65 somebody else changed it meanwhile (left alone), 69 who has to be
 * asked is away, else failed. Exit codes of `verify`: 0 the normal state holds, 69 as before, else not.
 */
export interface Undo {
  readonly of: 'fault' | 'change' | 'stack'
  /** What is back when it is done, for reports: `node is running`. */
  readonly title: string
  readonly sh: string
  /** Absent: the undo's own exit code has to do, and the report says so. */
  readonly verify?: string | undefined
  /** How long the normal state may take to hold after the undo, in ms. */
  readonly settles: number
  readonly touches: readonly Touch[]
  /** Pre-images and values kept beside the scripts, mode 0600; they may hold secrets and never stand in `sh`. */
  readonly keeps?: Readonly<Record<string, Uint8Array>> | undefined
  /** Content that the undo may show: where a secret of the plan is in it, a file `private` is kept aside, and nothing is shown. */
  readonly holds?: readonly Uint8Array[] | undefined
  /** What it puts back is a piece of the case's own stack: once that is gone there is nothing to put back, and nothing may be made again. */
  readonly goesWithStack?: true | undefined
  /** How the change ends without us. */
  readonly ends: { readonly by: 'undo' | 'holder' | 'reboot' } | { readonly by: 'lease'; readonly seconds: number }
}

/** Exit code of an undo that found somebody else's change and left it alone. */
export const DRIFTED = 65

/** Exit code of a script that could not ask whom it has to, who may be back in a moment: a daemon that is restarted. */
export const AWAY = 69

/** What an undo that is done says on a line of its stdout that begins so is told beside `restored`. */
export const NOTE = 'note: '

/** Set in the environment of an undo that is to go over somebody else's change, too. */
export const FORCE = 'SHAKEDOWN_FORCE'

/** Name of the state of a file once `then` had run, which a change keeps beside its undo. */
export const AFTER = 'after'

/** Whether a change took effect. */
export type Effective =
  | { readonly yes: true; readonly evidence: string }
  | { readonly yes: false; readonly why: string }

/** A change that a kind describes and `context.change` makes. */
export interface Change {
  /** What it does, for reports and `show`: `stops node`. */
  readonly does: string
  /** Absent when there is nothing to put back (`restart`), or no way to. */
  readonly undo?: Undo | undefined
  /** Why there is no undo. */
  readonly without?: 'not-needed' | 'impossible' | undefined
  readonly touches: readonly Touch[]
  apply(signal: AbortSignal): Promise<void>
  /** Looked at once it was made, or has failed: kept beside its scripts under these names, since it can't be known before. */
  left?(): Promise<Readonly<Record<string, Uint8Array>>>
  /** Asked again until it says yes or `within` ms (default 10,000) are over. */
  inEffect?(signal: AbortSignal): Promise<Effective>
  readonly within?: number | undefined
}

/** What `show` prints of a change, without touching anything. */
export interface Account {
  readonly does: string
  readonly undo: string
  readonly endsBy: string
}

/** The states of a journal entry, in order. An `intent` found later may or may not have been made. */
export type UndoState = 'intent' | 'applied' | 'undoing' | 'undone' | 'drifted' | 'failed'

/** The first line of a journal. */
export interface JournalHead {
  readonly run: string
  readonly host: string
  readonly pid: number
  /** Identity of the process beside its pid, since pids are used again. */
  readonly started: string
  readonly bootId: string
  /** Milliseconds since boot; no wall clock, since a plan may be breaking it. */
  readonly uptime: number
  /** Which target: transport address, name, folder of targets.yaml. */
  readonly target: string
  /** Its folder on another machine, where the target is one: scripts are run and undone there, and this is but a record. */
  readonly there?: string | undefined
}

/** Any further line of a journal; the last line of an id says how it stands. */
export interface JournalEntry {
  readonly id: number
  readonly state: UndoState
  readonly uptime: number
  readonly case?: string | undefined
  readonly plan?: string | undefined
  readonly step?: string | undefined
  readonly does?: string | undefined
  readonly title?: string | undefined
  readonly of?: Undo['of'] | undefined
  readonly touches?: readonly Touch[] | undefined
  /** How long the normal state may take to hold after the undo, in ms. */
  readonly settles?: number | undefined
  readonly goesWithStack?: true | undefined
  readonly ends?: Undo['ends'] | undefined
  readonly message?: string | undefined
}
