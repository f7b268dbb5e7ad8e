/** Runs commands on this machine, each in a process group of its own that ends as a whole. */

import { closeSync, existsSync } from 'node:fs'
import { after } from '../../base/timer.ts'
import type { Command } from '../../contracts/command.ts'
import { TargetError } from '../../contracts/errors.ts'
import { type ExecOptions, type Exit, type LeftBehind, OUTPUT_KEPT, UNCUT } from '../../contracts/transport.ts'
import { elsewhere, leftInGroup } from './left-behind.ts'
import { type Pipe, realPipe } from './local-pipe.ts'
import { howEnded, type Kept, keepOutput } from './output.ts'
import { type Launch, launchOf } from './script.ts'

/** Between the TERM that lets a command tidy up and the KILL that nothing survives. */
const TERM_GRACE = 200

type Child = Bun.Subprocess<Bun.SpawnOptions.Writable, 'pipe' | number, 'pipe' | number>

const listeners = new Set<(line: string) => void>()

/** `run GROUP` and `end GROUP` of each command from now on. */
export function watchCommands(told: (line: string) => void): Disposable {
  listeners.add(told)
  return { [Symbol.dispose]: () => void listeners.delete(told) }
}

function tellAll(line: string): void {
  for (const told of listeners) told(line)
}

/** The whole group is ended at the time limit and at an abort; the latter throws the signal's reason. */
export async function execLocally(command: Command, options: ExecOptions, signal: AbortSignal): Promise<Exit> {
  signal.throwIfAborted()
  const start = performance.now()
  const begun = begin(launchOf(command, options), options)
  if ('code' in begun) return { ...notStarted(begun), duration: performance.now() - start }
  const { child, outputs } = begun
  const limit = groupLimit(child, options.timeout, signal)
  tellAll(`run ${child.pid}`)
  try {
    await child.exited
    await limit.ended()
    await Promise.all(outputs.map((output) => output.drained()))
    const exit = {
      ...ended(child, outputs),
      timedOut: limit.timedOut(),
      duration: performance.now() - start,
      ...leftBy(child, outputs),
    }
    if (!signal.aborted) return exit
    options.cutShort?.(exit)
    throw signal.reason
  } finally {
    tellAll(`end ${child.pid}`)
    limit.clear()
  }
}

/** Processes that left its group have a session of their own, and are meant to stay. */
function leftBy({ pid }: Child, outputs: Begun['outputs']): { left?: LeftBehind } {
  if (!signalGroup(pid, 0)) return outputs.some((output) => output.held()) ? { left: elsewhere } : {}
  const never = new AbortController().signal
  return { left: leftInGroup(pid, (sh, options) => execLocally({ sh }, options, never)) }
}

interface NotStarted {
  readonly code: 126 | 127
  readonly why: string
}

interface Begun {
  readonly child: Child
  readonly outputs: readonly [Kept, Kept]
}

function begin(launch: Launch, options: ExecOptions): Begun | NotStarted {
  const pipes = [realPipe(), realPipe()] as const
  const [stdout, stderr] = pipes.map((pipe) => pipe?.to ?? ('pipe' as const)) as [number, number]
  try {
    const child = Bun.spawn(launch.argv, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      // Handing on an environment costs 0.1 ms; without one the child has ours.
      ...(options.env && { env: { ...process.env, ...options.env } }),
      detached: true,
      stdio: [launch.stdin ?? 'ignore', stdout, stderr, ...(launch.script === undefined ? [] : (['pipe'] as const))],
    }) as Child
    if (launch.script !== undefined) launch.feed(child.stdio[3] as number)
    const keep = options.keep ?? OUTPUT_KEPT
    const kept = (pipe: Pipe | undefined, stream: Child['stdout']) =>
      pipe ? pipe.keep(keep) : keepOutput(stream as ReadableStream<Uint8Array>, keep)
    return { child, outputs: [kept(pipes[0], child.stdout), kept(pipes[1], child.stderr)] }
  } catch (error) {
    for (const pipe of pipes) pipe?.drop()
    return whyNot(error as NodeJS.ErrnoException, launch.argv[0] ?? '', options.cwd)
  } finally {
    for (const pipe of pipes) if (pipe) closeSync(pipe.to)
  }
}

/** As a shell would have it: 127 for what is not there, 126 for what can't be run. */
function whyNot(error: NodeJS.ErrnoException, file: string, cwd: string | undefined): NotStarted {
  if (cwd !== undefined && !existsSync(cwd)) return { code: 127, why: `there is no folder ${cwd}` }
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return { code: 127, why: `${file}: not found` }
  if (error.code === 'EACCES') return { code: 126, why: `${file}: permission denied` }
  if (error.code === 'ENOEXEC') return { code: 126, why: `${file}: can't be run by this machine` }
  if (error.code === 'E2BIG') return { code: 126, why: `${file}: the arguments are too long` }
  throw new TargetError(`${file} can't be started: ${error.message}`, { cause: error })
}

function notStarted({ code, why }: NotStarted): Omit<Exit, 'duration'> {
  return { code, stdout: new Uint8Array(), stderr: Buffer.from(`${why}\n`), cut: UNCUT, timedOut: false }
}

function ended(child: Child, [stdout, stderr]: Begun['outputs']): Omit<Exit, 'duration' | 'timedOut'> {
  return {
    ...howEnded(child),
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    cut: { stdout: stdout.cut(), stderr: stderr.cut() },
  }
}

/** Ends the group of a child at a time limit or an abort. */
function groupLimit({ pid }: Child, timeout: number | undefined, signal: AbortSignal) {
  let timedOut = false
  let killed: Promise<void> | undefined
  const end = () => {
    killed ??= endGroup(pid)
  }
  const late = () => {
    timedOut = true
    end()
  }
  const timer = timeout === undefined ? undefined : after(timeout, late)
  signal.addEventListener('abort', end, { once: true })
  return {
    timedOut: () => timedOut,
    /** Resolves once a group that had to be ended was sent its KILL: its leader may be gone before its grandchildren. */
    ended: async () => killed,
    clear: () => {
      timer?.stop()
      signal.removeEventListener('abort', end)
    },
  }
}

async function endGroup(pid: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return
  const start = performance.now()
  while (performance.now() - start < TERM_GRACE && signalGroup(pid, 0)) await Bun.sleep(10)
  signalGroup(pid, 'SIGKILL')
}

/** False: nobody is left in the group. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}
