/** One service of a process stack: what is read of it, and the changes that its runtime can make. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import type { LogMark, Service, ServiceNames, ServiceState, Transport, Verbs, Wake } from '../../../contracts/target.ts'
import type { Change, Effective, Undo } from '../../../contracts/undo.ts'
import { continueScript, notStoppedScript, runsScript, startScript, stoppedScript, stopScript } from './scripts.ts'

const SETTLES = 10_000
const LARGEST_LOG = 16 * 1024 * 1024

export interface ServiceParts {
  readonly name: string
  /** Folder of the stack; the service's own is in it. */
  readonly stack: string
  readonly directory: string
  readonly port: number | undefined
  readonly transport: Transport
  readonly hasReady: boolean
  /** Samples its `ready`: undefined when none was declared. */
  healthy(signal: AbortSignal): Promise<boolean | undefined>
  /** Wakes at what the supervisor tells of this service. */
  onChange(wake: Wake): Disposable
}

/** What /proc tells of the process: absent when it is dead. */
interface Alive {
  readonly pid: number
  readonly started: string
  readonly stopped: boolean
}

export function processService(parts: ServiceParts): Service {
  const { name, transport, directory, port } = parts
  const log = join(parts.stack, name, 'log')
  let wasReady = false
  const state = async (options: { health?: boolean; signal?: AbortSignal } = {}): Promise<ServiceState> => {
    const alive = aliveOf(parts)
    const exit = alive ? undefined : exitOf(parts)
    const health = options.health ? await sample(alive, options.signal) : 'none'
    const word = alive ? (alive.stopped ? 'paused' : 'running') : exit === undefined ? 'created' : 'exited'
    const plain = { state: word, health, pid: alive?.pid, exit, port }
    return {
      state: word,
      health,
      exit,
      restarts: 0,
      startedAt: alive?.started ?? '',
      pid: alive?.pid,
      memory: memoryOf(alive),
      json: plain,
    } as ServiceState
  }
  const sample = async (alive: Alive | undefined, signal = new AbortController().signal) => {
    if (!alive || alive.stopped) return parts.hasReady ? 'unhealthy' : 'none'
    const healthy = await parts.healthy(signal)
    if (healthy === undefined) return 'none'
    wasReady ||= healthy
    return healthy ? 'healthy' : wasReady ? 'unhealthy' : 'starting'
  }
  return {
    name,
    directory,
    files: transport.files,
    state,
    names: (): ServiceNames => ({
      address: '127.0.0.1',
      directory,
      ...(port === undefined ? {} : { port, url: `http://127.0.0.1:${port}` }),
      pid: aliveOf(parts)?.pid,
    }),
    endpoint: async (asked) =>
      asked === undefined && port === undefined ? undefined : { host: '127.0.0.1', port: asked ?? port ?? 0 },
    exec: (command, options, signal) => transport.exec(command, { ...options, cwd: options.cwd ?? directory }, signal),
    logs: async ({ since = 0, last } = {}) => {
      const lines = linesFrom(log, since)
      return last === undefined ? lines : lines.slice(-last)
    },
    logMark: async () => sizeOf(log),
    watch: async (wake) => disposing(parts.onChange(wake)),
    watchLogs: async (wake) =>
      (await transport.files.watch(log, () => wake(`${name} logged a line`))) ?? disposing(parts.onChange(wake)),
    verbs: verbsOf(parts),
  }
}

function disposing(what: Disposable): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => what[Symbol.dispose]() }
}

function verbsOf(parts: ServiceParts): Verbs {
  const { name, stack, transport } = parts
  const touches = [{ service: name }]
  const undo = (more: Pick<Undo, 'title' | 'sh' | 'verify'>): Undo => ({
    of: 'fault',
    settles: SETTLES,
    touches,
    ends: { by: 'undo' },
    ...more,
  })
  const backRunning = () =>
    undo({ title: `${name} is running`, sh: startScript(stack, name), verify: runsScript(stack, name) })
  const sh = async (script: string, signal: AbortSignal) => {
    const exit = await transport.exec({ sh: script }, {}, signal)
    if (exit.code !== 0)
      throw new TargetError(`${name}: ${Buffer.from(exit.stderr).toString().trim() || `exit ${exit.code}`}`)
  }
  const kill = async (signal: string) => {
    const alive = aliveOf(parts)
    if (!alive) throw new TargetError(`${name} is not running`)
    process.kill(-alive.pid, signal as NodeJS.Signals)
  }
  /** The supervisor writes the exit code down a moment after the end. */
  const gone = async (): Promise<Effective> => {
    if (aliveOf(parts)) return { yes: false, why: `${name} is still running` }
    const exit = exitOf(parts)
    return exit === undefined
      ? { yes: false, why: `${name} has no exit code yet` }
      : { yes: true, evidence: `${name} exited with ${exit}` }
  }
  const runs = async (): Promise<Effective> => {
    const alive = aliveOf(parts)
    return alive && !alive.stopped
      ? { yes: true, evidence: `${name} runs as process ${alive.pid}` }
      : { yes: false, why: `${name} is not running` }
  }
  return {
    stop: async () => ({
      does: `stops ${name}`,
      touches,
      undo: backRunning(),
      apply: (signal) => sh(stopScript(stack, name), signal),
      inEffect: gone,
    }),
    kill: async (signal) => ({
      does: `sends ${signal} to ${name}`,
      touches,
      undo: backRunning(),
      apply: () => kill(signal),
      inEffect: gone,
    }),
    pause: async () => ({
      does: `freezes ${name}`,
      touches,
      undo: undo({ title: `${name} goes on`, sh: continueScript(stack, name), verify: notStoppedScript(stack, name) }),
      apply: () => kill('SIGSTOP'),
      inEffect: async () =>
        aliveOf(parts)?.stopped
          ? { yes: true, evidence: `${name} is stopped` }
          : { yes: false, why: `${name} is not stopped` },
    }),
    start: async () => ({
      does: `starts ${name}`,
      touches,
      undo: undo({ title: `${name} is stopped`, sh: stopScript(stack, name), verify: stoppedScript(stack, name) }),
      apply: (signal) => sh(startScript(stack, name), signal),
      inEffect: runs,
    }),
    restart: async () => restart(parts, sh, runs),
    signal: async (signal) => ({
      does: `sends ${signal} to ${name}`,
      touches,
      without: 'not-needed',
      apply: () => kill(signal),
    }),
  }
}

/** Done when applied, and seen by another start time: there is nothing to put back. */
async function restart(
  parts: ServiceParts,
  sh: (script: string, signal: AbortSignal) => Promise<void>,
  runs: () => Promise<Effective>,
): Promise<Change> {
  const { name, stack } = parts
  let before: string | undefined
  return {
    does: `restarts ${name}`,
    touches: [{ service: name }],
    without: 'not-needed',
    apply: async (signal) => {
      before = aliveOf(parts)?.started
      await sh(stopScript(stack, name), signal)
      await sh(startScript(stack, name), signal)
    },
    inEffect: async () =>
      aliveOf(parts)?.started === before ? { yes: false, why: `${name} is the same process as before` } : runs(),
  }
}

/** Zombies count as dead; the command name in /proc/PID/stat may hold spaces, so fields are counted behind it. */
function aliveOf({ stack, name }: ServiceParts): Alive | undefined {
  try {
    const [pid = '', started = ''] = readFileSync(join(stack, name, 'pid'), 'utf8')
      .trim()
      .split(' ')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[19] !== started || fields[0] === 'Z' || fields[0] === 'X') return undefined
    return { pid: Number(pid), started, stopped: fields[0] === 'T' }
  } catch {
    return undefined
  }
}

function exitOf({ stack, name }: ServiceParts): number | undefined {
  try {
    return Number(readFileSync(join(stack, name, 'exit'), 'utf8'))
  } catch {
    return undefined
  }
}

function memoryOf(alive: Alive | undefined): number | undefined {
  try {
    const pages = readFileSync(`/proc/${alive?.pid}/statm`, 'utf8').split(' ')[1]
    return Number(pages) * 4_096
  } catch {
    return undefined
  }
}

function sizeOf(path: string): LogMark {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/** A line that is still being written is left for the next look. */
function linesFrom(path: string, since: LogMark): string[] {
  const size = sizeOf(path)
  const from = Math.max(since, size - LARGEST_LOG)
  if (size <= from) return []
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(size - from)
    readSync(file, bytes, 0, bytes.length, from)
    const text = bytes.toString('utf8')
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    return lines
  } finally {
    closeSync(file)
  }
}
