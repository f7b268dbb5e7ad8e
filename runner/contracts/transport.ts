/** The way to a machine: what a transport gives. See `architecture.md`. */
import type { Duplex } from 'node:stream'
import type { Command } from './command.ts'
import type { FileKind } from './file-kind.ts'

/** Called when something that a probe reads may have changed; `because` is shown to people: `node exited`. */
export type Wake = (because: string) => void

/** Time limits are in milliseconds, sizes in bytes. */
export interface ExecOptions {
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly stdin?: string | Uint8Array | undefined
  /** Another user than the service's own: only a container has one. */
  readonly user?: string | undefined
  /** Another shell for a script than the target's `sh`. */
  readonly shell?: string | undefined
  /** The whole process group is ended after it. */
  readonly timeout?: number | undefined
  /** Hears what a command had written when the signal ended it. */
  readonly cutShort?: ((exit: Exit) => void) | undefined
  /** Bytes kept of stdout and of stderr each (default OUTPUT_KEPT); the rest is read and dropped. */
  readonly keep?: number | undefined
}

/** Bytes of stdout and of stderr each that are kept unless `keep` says otherwise: 16 MiB. */
export const OUTPUT_KEPT = 16 * 1024 * 1024

export interface Cut {
  readonly stdout: boolean
  readonly stderr: boolean
}

/** Both streams are whole. */
export const UNCUT: Cut = { stdout: false, stderr: false }

/** How a command ended. A command that is not found ends with 127, one ended by signal N with 128 + N. */
export interface Exit {
  readonly code: number
  readonly signal?: string | undefined
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** The streams of which more was written than was kept. */
  readonly cut: Cut
  readonly timedOut: boolean
  /** In ms. */
  readonly duration: number
  /** Some of the processes that it started may go on. */
  readonly left?: LeftBehind | undefined
}

/** The processes that a command has left running. */
export interface LeftBehind {
  /** They have a session of their own, as daemons do, and stay. */
  readonly stays?: true | undefined
  /** The processes that still live. */
  look(): Promise<readonly LeftProcess[]>
  /** Ends them, unless they are gone already. */
  end(processes: readonly LeftProcess[]): Promise<void>
}

export interface LeftProcess {
  /** Tells it from a later process with the same number. */
  readonly id: string
  /** `sleep 30 (process 4711)`. */
  readonly says: string
}

export interface FileInfo {
  /** The kind behind the path; `link` for a link that leads nowhere. */
  readonly kind: FileKind
  /** The path itself is a symbolic link. */
  readonly isLink?: boolean | undefined
  /** The target of that link, as written. */
  readonly link?: string | undefined
  /** Bytes. */
  readonly size: number
  /** Octal text: `0600`. */
  readonly mode: string
  readonly owner: string
  /** Absent where it is unknown. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

export interface ReadOptions {
  /** Bytes that are read from the start; undefined: all of them. */
  readonly most?: number | undefined
  /** In ms. */
  readonly timeout?: number | undefined
}

/** Files of a target. Paths are absolute. */
export interface Files {
  /** Undefined when there is nothing. */
  stat(path: string): Promise<FileInfo | undefined>
  /** Undefined when there is nothing. Throws a CheckFailure for anything but a file, and never blocks on a FIFO. */
  read(path: string, options?: ReadOptions): Promise<Uint8Array | undefined>
  /** The SHA-256 of the whole file in hex, computed where the file is, or while it streams by. Undefined and errors as for `read`. */
  sha256(path: string, options?: { readonly timeout?: number | undefined }): Promise<string | undefined>
  /** Replaces atomically and keeps mode and owner of what was there; a new file gets `mode` (default 0644). */
  write(path: string, bytes: Uint8Array, options?: { mode?: number }): Promise<void>
  /** Resolves once subscribed; undefined where the target can't tell. */
  watch(path: string, wake: Wake): Promise<AsyncDisposable | undefined>
}

/** `host:port` or the path of a unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * Told how far a connection has come, as far as that can be told: `resolving` once the name is being looked up, `connecting`
 * once it has led to an address. Until then nobody was asked for anything.
 */
export type Reached = (stage: 'resolving' | 'connecting') => void

/** A process that goes on beside the runner, in a session of its own, and is told things over its stdin. */
export interface Spawned {
  readonly pid: number | undefined
  /** Resolves with the first line of its stdout; undefined when it ended without one. */
  readonly said: Promise<string | undefined>
  /** Resolves when it has ended, or the way to it was cut. */
  readonly ended: Promise<void>
  /** Writes a line; false: nobody reads it any more. */
  tell(line: string): boolean
  /** Ends its stdin and lets go of it. */
  release(): void
}

/** The way to a machine: everything else stands on these. */
export interface Transport extends AsyncDisposable {
  /** `local`, `ssh://miner@10.0.0.5`. */
  readonly address: string
  /** Where relative paths start on another machine, absolute. Undefined: in the folder of targets.yaml. */
  readonly folder?: string | undefined
  exec(command: Command, options: ExecOptions, signal: AbortSignal): Promise<Exit>
  /** Starts a script of `sh` with its arguments; it outlives the runner unless it ends by itself. `told` gets the lines after the first. Undefined where that can't be had. */
  spawn?(script: string, args: readonly string[], told?: (line: string) => void): Promise<Spawned>
  /** Tells of each command that begins (`run GROUP`) and has ended (`end GROUP`), for who has to end those that outlive the runner. */
  watchCommands?(told: (line: string) => void): Disposable
  /** Throws an error with a `code` such as ECONNREFUSED; a name that does not resolve is ENOTFOUND. */
  connect(to: Address, signal: AbortSignal, reached?: Reached): Promise<Duplex>
  /** How often the way to the machine was cut so far: what went through it then was not cut by its peer. */
  cuts?(): number
  readonly files: Files
}
