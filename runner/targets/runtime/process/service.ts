/** One service of a process stack, as steps and probes see it. */
import type { Service, ServiceNames, ServiceState } from '../../../contracts/target.ts'
import type { ProcessService } from './known.ts'
import type { Look } from './machine.ts'
import type { Alive } from './process-table.ts'
import { signalScript } from './scripts.ts'
import type { Supervising } from './supervising.ts'
import { verbsOf } from './verbs.ts'

/** The supervisor writes an exit code down a moment after the end, in ms. */
const EXIT_WITHIN = 100

export interface ServiceParts {
  readonly known: ProcessService
  readonly supervising: Supervising
  readonly directory: string
  readonly hasReady: boolean
  port(): number | undefined
  /** What it was started with, and commands `in:` it are. */
  environment(): Readonly<Record<string, string>>
  untilReady(signal: AbortSignal): Promise<void>
  /** Samples its `ready`. */
  isReady(signal: AbortSignal): Promise<boolean>
}

export function processService(parts: ServiceParts): Service {
  const { known, supervising, directory } = parts
  const { name, transport, machine } = known
  const sample = healthOf(parts)
  return {
    name,
    directory,
    files: transport.files,
    state: (options) => stateOf(parts, options?.health ? (alive) => sample(alive, options.signal) : undefined),
    names: () => namesOf(parts),
    endpoint: async (asked) => {
      const port = asked ?? parts.port()
      return port === undefined ? undefined : { host: '127.0.0.1', port }
    },
    exec: (command, options, signal) =>
      transport.exec(
        command,
        { ...options, cwd: options.cwd ?? directory, env: { ...parts.environment(), ...options.env } },
        signal,
      ),
    logs: ({ since, last } = {}) => machine.logs.of(name).read(since, last),
    logMark: () => machine.logs.of(name).mark(),
    watch: async (wake) => disposing(supervising.watch(name, wake)),
    watchLogs: async (wake) =>
      (await machine.watchLog(name, () => wake(`${name} logged a line`))) ?? disposing(supervising.watch(name, wake)),
    untilReady: (signal) => parts.untilReady(signal),
    verbs: verbsOf(known),
    signalScript: async (signal) => signalScript(machine.stack, name, signal.replace(/^SIG/, '')),
  }
}

export function namesOf({ known, directory, port: ask }: ServiceParts): ServiceNames {
  const port = ask()
  return {
    address: '127.0.0.1',
    directory,
    ...(port === undefined ? {} : { port, url: `http://127.0.0.1:${port}` }),
    pid: known.machine.pidOf(known.name),
  }
}

type Sample = (alive: Alive | undefined) => Promise<ServiceState['health']>

async function stateOf(parts: ServiceParts, sample: Sample | undefined): Promise<ServiceState> {
  const { known } = parts
  const look = await settled(known)
  const { alive, exit } = look
  const state = alive ? (alive.stopped ? 'paused' : 'running') : look.wasStarted ? 'exited' : 'created'
  const health = sample ? await sample(alive) : 'none'
  const pid = alive?.pid
  const { memory, user } = alive ? await known.machine.usage(alive.pid) : {}
  const startedAt = alive ? `${alive.pid}@${alive.started}` : ''
  const plain = { state, health, exit, pid, startedAt, memory, user, port: parts.port(), directory: parts.directory }
  return { state, health, exit, restarts: 0, startedAt, pid, memory, user, json: JSON.parse(JSON.stringify(plain)) }
}

async function settled(known: ProcessService): Promise<Look> {
  const start = performance.now()
  for (;;) {
    const look = await known.look()
    const ended = !look.alive && look.wasStarted && look.exit === undefined
    if (!ended || performance.now() - start > EXIT_WITHIN) return look.alive ? { ...look, exit: undefined } : look
    await Bun.sleep(1)
  }
}

/** A start that was never ready yet is starting, and not unhealthy. What is paused answers nobody. */
function healthOf({ hasReady, isReady }: ServiceParts) {
  const wereReady = new Set<string>()
  return async (alive: Alive | undefined, signal = new AbortController().signal): Promise<ServiceState['health']> => {
    if (alive?.stopped) return 'unhealthy'
    if (!hasReady) return 'none'
    if (!alive) return 'unhealthy'
    if (await isReady(signal)) {
      wereReady.add(alive.started)
      return 'healthy'
    }
    return wereReady.has(alive.started) ? 'unhealthy' : 'starting'
  }
}

function disposing(what: Disposable): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => what[Symbol.dispose]() }
}
