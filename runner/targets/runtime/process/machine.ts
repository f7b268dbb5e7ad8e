/** The machine that the processes of a stack are on: this one, or a host. */
import type { TrackedLogs } from '../log/tracked-log.ts'
import type { HeldPort } from './ports.ts'
import type { Alive } from './process-table.ts'

/** How a service is; `exit` is the code of its last end, unknown while it runs, before its first start, and for a moment after its end. */
export interface Look {
  readonly alive?: Alive | undefined
  readonly exit?: number | undefined
  readonly wasStarted: boolean
}

/** What a service needs in the stack's folder before it is started. */
export interface Layout {
  /** What the supervisor starts; values of its environment may be secrets. */
  readonly run: string
  /** Files of its own folder: name → source beside targets.yaml. */
  readonly files: Readonly<Record<string, string>>
}

export interface Machine {
  /** Folder of the stack on it, absolute. */
  readonly stack: string
  /** Where services start, absolute. */
  readonly folder: string
  /** Shell that takes away what is left when the stack is down; none where somebody else does. */
  readonly tidy: string
  /** Makes the stack's folder, by service; `home` is the folder of targets.yaml on the runner. Throws a TargetError. */
  prepare(layouts: ReadonlyMap<string, Layout>, home: string): Promise<void>
  look(service: string): Promise<Look>
  /** Of its last start, as far as is known without asking. */
  pidOf(service: string): number | undefined
  /** Told by the supervisor. */
  started(service: string, pid: number): void
  /** Memory in bytes, with that of its descendants. */
  usage(pid: number): Promise<{ readonly memory?: number | undefined; readonly user?: string | undefined }>
  /** To its group, as a terminal would, or to its first process alone. */
  send(to: Alive, signal: NodeJS.Signals, whom: 'group' | 'leader'): Promise<void>
  readonly logs: TrackedLogs
  /** Wakes at each new piece of it; resolves once subscribed, undefined where it can't be told. */
  watchLog(service: string, wake: () => void): Promise<AsyncDisposable | undefined>
  holdPort(): Promise<HeldPort>
}
