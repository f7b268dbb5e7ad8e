/** What a step sees of a target, and what runtimes give. See `architecture.md`. */
import type { Duplex } from 'node:stream'
import type { Incomplete, Missing } from '../base/incomplete.ts'
import type { Command } from './command.ts'
import type { FailureDetails } from './errors.ts'
import type { TObject } from './params.ts'
import type { Address, ExecOptions, Exit, Files, Reached, Transport, Wake } from './transport.ts'
import type { Change, Undo } from './undo.ts'

export const serviceStates = ['running', 'paused', 'restarting', 'exited', 'created', 'removed'] as const
export const serviceHealth = ['healthy', 'unhealthy', 'starting', 'none'] as const

export interface ServiceState {
  readonly state: (typeof serviceStates)[number]
  readonly health: (typeof serviceHealth)[number]
  /** Exit code, once exited. */
  readonly exit?: number | undefined
  /** Why it exited, where the runtime knows more than the code: `out of memory`. */
  readonly why?: string | undefined
  /** The last output of its health check, if the runtime keeps that. */
  readonly healthCheck?: { readonly exit: number; readonly output: string } | undefined
  /** Restarts that the runtime made by itself since the case began. */
  readonly restarts: number
  /** Identity of this start, to tell a restart from the same process: not a wall clock. */
  readonly startedAt: string
  readonly pid?: number | undefined
  /** Bytes. */
  readonly memory?: number | undefined
  readonly image?: string | undefined
  readonly user?: string | undefined
  readonly mounts?: readonly string[] | undefined
  /** The full inspection, plain JSON. */
  readonly json: unknown
}

/** What is done to the packets of a service, as seen from it. */
export type NetworkRule =
  /** Packets to and from the peers (services) are dropped: `in` those that come from them, `out` those that go to them. */
  | { readonly is: 'drop'; readonly peers: readonly string[]; readonly direction: 'in' | 'out' | 'both' }
  /** So many percent of all packets, in both directions, are lost. */
  | { readonly is: 'loss'; readonly percent: number }
  /** What it sends is late by so many ms, give or take `jitter`. */
  | { readonly is: 'delay'; readonly by: number; readonly jitter: number }
  /** It sends no more than so many bytes a second. */
  | { readonly is: 'rate'; readonly bytes: number }
  /** Connections to it are refused with a reset; without ports to all of its ports. */
  | { readonly is: 'reject'; readonly ports: readonly number[] }
  /** These names can't be looked up; without names none can. */
  | { readonly is: 'dns'; readonly names: readonly string[] }

/** A process that is held inside a service while a fault lasts, and is the fault: when it goes, so does the fault. */
export interface Held {
  /** `takes 90 % of its memory`. */
  readonly does: string
  /** What is back: `the memory of node is free`. */
  readonly title: string
  /** Runs inside in its `sh`, says `ready` and what it did on one line, and then waits for the end of its stdin. */
  readonly script: string
}

/** Lifecycle changes of a service, and what can be done to its resources; a verb that is missing is one the runtime can't do. */
export interface Verbs {
  start(): Promise<Change>
  stop(): Promise<Change>
  kill(signal: string): Promise<Change>
  pause(): Promise<Change>
  restart(): Promise<Change>
  /** Sends a signal that is no fault: HUP to reload. */
  signal(name: string): Promise<Change>
  /** Takes it away; the undo makes it again as it was. `volumes: keep` allows that for one with anonymous volumes. */
  remove(options?: { volumes?: 'keep' | undefined }): Promise<Change>
  /** Takes it off a network, or off all of them. */
  disconnect(network?: string): Promise<Change>
  /** Makes it again with other environment variables; null takes one away. */
  environment(values: Readonly<Record<string, string | null>>): Promise<Change>
  /** Makes it again out of another image. */
  image(name: string): Promise<Change>
  /** How many replicas run. */
  scale(to: number): Promise<Change>
  /** No more processor time than so many cores. */
  cpu(cores: number): Promise<Change>
  network(rule: NetworkRule): Promise<Change>
  hold(what: Held): Promise<Change>
  /** A folder that nothing can be written to. */
  readOnly(path: string): Promise<Change>
}

/** What stands for the machine of the target itself where a fault takes a service, unless a service is called so. */
export const MACHINE = 'host'

/** `services.NAME` in expressions, as seen from inside the service where that differs. */
export interface ServiceNames {
  readonly url?: string | undefined
  readonly address: string
  readonly port?: number | undefined
  readonly directory: string
  readonly pid?: number | undefined
}

export interface Service {
  readonly name: string
  /** The machine of the target itself, and no service of it. */
  readonly isMachine?: true | undefined
  /** Cheap: no health is sampled unless asked for. */
  state(options?: { health?: boolean; signal?: AbortSignal }): Promise<ServiceState>
  names(): ServiceNames
  /** The place where a person finds it: `container shakedown-web-1`, `published at 127.0.0.1:32768`. Absent if `names` says it all. */
  where?(): Promise<readonly string[]>
  /** Where a URL with this service's name goes. Undefined when it has no port. */
  endpoint(port?: number): Promise<Address | undefined>
  /** Folder that relative paths of `in:` start in, and what files are read with. */
  readonly directory: string
  readonly files: Files
  /** Runs a command inside. */
  exec(command: Command, options: ExecOptions, signal: AbortSignal): Promise<Exit>
  /** Connects from inside, where names are looked up, too; absent where inside is the same place as the target. Throws an error with a `code`, as a transport does. */
  connect?(
    to: { readonly host: string; readonly port: number },
    signal: AbortSignal,
    reached?: Reached,
  ): Promise<Duplex>
  /** Log lines since a mark (default: all of this case), at most `last` of them. Throws TargetError when the source can't be read. */
  logs(options?: { since?: LogMark; last?: number }): Promise<LogLines>
  /** A mark for `logs({since})`: what was logged until now. */
  logMark(): Promise<LogMark>
  /** Waits until it is ready, as at `up`: its health check and its `ready`. Throws a TargetError with its last lines when it ends before, or is late. */
  untilReady?(signal: AbortSignal): Promise<void>
  /** Wakes at exits, starts, pauses; resolves once subscribed. */
  watch(wake: Wake): Promise<AsyncDisposable>
  /** Wakes at each new log line; resolves once subscribed. */
  watchLogs(wake: Wake): Promise<AsyncDisposable>
  readonly verbs: Partial<Verbs>
  /** A script that sends a signal to it on the target without the runner; a stopped service gets no signal. */
  signalScript?(name: string): Promise<string>
  /** Why a verb, though the runtime has it, can't be done to this very service here: tried in a scratch place, or looked up. */
  lacks?(verb: keyof Verbs, rule?: NetworkRule): Promise<string | undefined>
  /** How a file inside is put back, where that is not a file of the target itself. `after` is what a change writes. */
  fileUndo?(
    path: string,
    before: Uint8Array | undefined,
    after: Uint8Array,
    then: readonly ThenUndo[],
  ): Promise<FileUndo>
  /** How a command runs inside as an undo, where that is not a command of the target itself. */
  commandUndo?(command: Command, verify: Command | undefined, options: { user?: string | undefined }): Promise<FileUndo>
}

/** Undo of a file or by a command: what `Undo` takes of it. */
export type FileUndo = Pick<Undo, 'sh' | 'verify' | 'keeps'>

/** The action that makes a file effective: a command where the file is, or a signal that the runtime sends to a service. */
export type Then = Command | { readonly signal: string; readonly service?: string | undefined }

/** The same for an undo. A `script` is run by `sh` on the target, also where the file is inside a service. */
export type ThenUndo = { readonly command: Command } | { readonly script: string }

/** Incomplete: bytes of it could not be decoded, or it is too long to be kept. */
export type LogLine = string | Incomplete

/** From the oldest to the newest. Only the part of a long log that is looked at is in memory. */
export interface LogLines extends ReadonlyArray<LogLine> {
  /** Why lines are missing, and where; without it, none is. */
  readonly flaw?: { readonly why: string; readonly missing: Missing } | undefined
}

/** An offset in a log that grows. */
export type LogMark = number

/** One reading of a service's `ready`. */
export interface ReadyReading {
  readonly holds: boolean
  /** The reading, in words. */
  readonly says: string
  /** The condition in words. */
  readonly condition?: string | undefined
  readonly details?: FailureDetails | undefined
}

/** What the engine hands a runtime. */
export interface RuntimeHost {
  /** A folder of this case for work files, never for reports. It is not there yet: made by who needs it, once a change is journalled; removed at the end. */
  readonly folder: string
  /** Folder of targets.yaml on the runner. */
  readonly home: string
  /** Names of run, case and plan, for labels. */
  readonly labels: { readonly run: string; readonly case: string; readonly plan: string }
  /** Fills in `${{ }}` of a piece of targets.yaml; `services` are those known so far. */
  resolve<T>(plain: T, services: Readonly<Record<string, ServiceNames>>): T
  /** The same for a command; values never become shell text. `keys` lead to it from the target's own mapping. */
  command(
    plain: string | readonly unknown[],
    services: Readonly<Record<string, ServiceNames>>,
    keys: readonly string[],
  ): Command
  /** Variables of the target, those of the plan's `target: {variables}` among them, as environment for a stack. */
  environment(): Readonly<Record<string, string>>
  /** Reads a service's `ready` once. Undefined: none was declared. */
  ready(service: string, signal: AbortSignal): Promise<ReadyReading | undefined>
  /** Tells people what goes on while the stack comes up. */
  note(message: string): void
}

export interface Runtime extends AsyncDisposable {
  /** Brings the stack up; its undo takes it down. Undefined when the target is there already and stays. */
  up(): Promise<Change | undefined>
  names(): readonly string[]
  /** Throws a TargetError for a name it does not know. */
  service(name: string): Service
  /** What was brought up stays when this closes, until its undo is run; without it, it goes at the latest then. */
  keep?(): Promise<void>
}

/** Something of ours on a target that no journal tells of. */
export interface Stray {
  /** Which run made it. */
  readonly run: string
  /** `container shakedown-…-web-1`. */
  readonly says: string
  remove(): Promise<void>
}

/** One thing that a target stands on, as `plan doctor` finds it. */
export interface Need {
  /** `compose`. */
  readonly name: string
  readonly there: boolean
  /** What was found: `curl`; or what is wrong. */
  readonly says: string
  /** What can't be done without it; undefined: nothing can. */
  readonly for?: string | undefined
  /** How to get it: `apt-get install nftables`. */
  readonly todo?: string | undefined
}

/** A runtime as targets.yaml names it. Its module is imported only when a case uses it. */
export interface RuntimeKind {
  readonly name: string
  readonly summary: string
  /** Keys of the target that are this runtime's own. */
  readonly params: TObject
  /** Services that are declared, where that can be told without touching anything. */
  services(config: Readonly<Record<string, unknown>>): readonly string[] | undefined
  /** The declared services without a port, so that an address has to name one. */
  portless?(config: Readonly<Record<string, unknown>>): readonly string[]
  /** Whether each case brings up a stack of its own: then nobody else can be in its way, and no lock is needed. */
  owned?(config: Readonly<Record<string, unknown>>): boolean
  /**
   * Name of what everybody on the machine can see and change, whichever targets.yaml tells of it: one run changes that at a
   * time. Undefined: files of the target's folder alone.
   */
  seenByAll?(config: Readonly<Record<string, unknown>>, transport: Transport): Promise<string | undefined>
  open(config: Readonly<Record<string, unknown>>, transport: Transport, host: RuntimeHost): Promise<Runtime>
  /** What `plan doctor` asks for; nothing is written. */
  needs?(config: Readonly<Record<string, unknown>>, transport: Transport): Promise<readonly Need[]>
  /** Finds by our labels and marks what runs have left on a target. */
  scan?(config: Readonly<Record<string, unknown>>, transport: Transport): Promise<readonly Stray[]>
}

export interface HttpRequest {
  readonly method: string
  /** The host is a service of the target, else an address as seen from it. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  /** How many redirects are followed (default 0). */
  readonly redirects?: number | undefined
  /** PEM text of an authority to trust. */
  readonly ca?: string | undefined
  /** PEM text of the certificate shown to the server, and of its key. A redirect to another host does not get it. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Whether cookies of the case are sent and kept (default true). */
  readonly cookies?: boolean | undefined
  /** In ms, for the whole exchange. */
  readonly timeout: number
  /** Bytes of the decoded body that are kept (default 16 MiB). A longer one is cut, and `cut` says so. */
  readonly keep?: number | undefined
  /** Called with what has come of an open stream of events: true ends the reading, since the rest can't change anything. */
  readonly enough?: ((soFar: HttpResponse) => boolean) | undefined
}

/** A server-sent event (WHATWG HTML, 9.2.6). */
export interface ServerEvent {
  /** Its name: `message` unless the server says otherwise. */
  readonly event: string
  /** Absent where the server gives none with this event. */
  readonly id?: string | undefined
  readonly data: string
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case; several of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The lines of each header, one by one. */
  readonly headerLists: Readonly<Record<string, readonly string[]>>
  /** Decoded by its content-encoding. */
  readonly body: Uint8Array
  /** Why the end of the body is missing: `cut at 16 MiB`. */
  readonly cut?: string | undefined
  /** Why the body could not be decoded by its content-encoding; `body` is empty then. */
  readonly undecoded?: string | undefined
  /** Set if the response is a stream of server-sent events. */
  readonly events?: readonly ServerEvent[] | undefined
  /** In ms. */
  readonly duration: number
}

/** A target as one step sees it; dead after the step has settled. */
export interface Target {
  readonly name: string
  readonly signal: AbortSignal
  /** Runs on the target, or inside a service. Relative `cwd` starts in the target's directory. */
  exec(command: Command, options?: ExecOptions & { in?: string | undefined }): Promise<Exit>
  /** Throws a NoAnswer: why there was none, and what that shows. */
  http(request: HttpRequest & { in?: string | undefined }): Promise<HttpResponse>
  /** `host:port`, where the host may be a service. Throws a NoAnswer. */
  connect(to: string, options?: { timeout?: number; in?: string | undefined }): Promise<Duplex>
  /** Where a path of the plan is: the files of the target or the service, and the absolute path there. */
  file(path: string, options?: { in?: string | undefined }): { readonly files: Files; readonly path: string }
  /** The change that replaces a file; undo puts the pre-image back and runs `then` again. */
  replaceFile(
    path: string,
    bytes: Uint8Array,
    options?: { in?: string | undefined; then?: readonly Then[] | undefined; thenTimeout?: number | undefined },
  ): Promise<Change>
  /** A command as an undo, and one that proves it; they run where `exec` would run them. */
  commandUndo(
    command: Command,
    verify: Command | undefined,
    options?: { in?: string | undefined; user?: string | undefined },
  ): Promise<FileUndo>
  services(): readonly string[]
  service(name: string): Service
}
