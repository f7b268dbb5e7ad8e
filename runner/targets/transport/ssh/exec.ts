/** Commands of a host: by the shell that is kept there, or with a channel of their own. */

import { constants } from 'node:os'
import { after } from '../../../base/timer.ts'
import { type Command, quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { type ExecOptions, type Exit, type LeftBehind, OUTPUT_KEPT, UNCUT } from '../../../contracts/transport.ts'
import { elsewhere, leftInGroup } from '../left-behind.ts'
import { type Launch, launchOf } from '../script.ts'
import { execAlone } from './exec-alone.ts'
import { type FramedShell, NoSpace } from './framed-shell.ts'
import type { Job, Outcome } from './job.ts'
import { quoteOnLine } from './line.ts'
import type { Link } from './link.ts'

/** Where `head` is not exact, all goes by `read`, which takes a line byte by byte: what is longer gets a channel of its own. */
const MOST_IN_A_LINE = 64 * 1024

export type Told = (line: string) => void

export interface ExecHost {
  readonly link: Link
  /** Nothing may be written on the host, so each command gets a channel of its own. */
  readonly reads: boolean
  /** `run GROUP`, `end GROUP`. */
  tell: Told
}

/** The whole group on the host is ended at the time limit and at an abort; the latter throws the signal's reason. */
export async function execRemotely(
  host: ExecHost,
  command: Command,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<Exit> {
  signal.throwIfAborted()
  const start = performance.now()
  const launch = launchOf(command, options)
  const keep = options.keep ?? OUTPUT_KEPT
  const shell = host.reads ? undefined : await unlessAborted(host.link.shell(), signal)
  const length = (launch.stdin?.length ?? 0) + (launch.script?.length ?? 0)
  const settled = async (job: Job) => {
    const { outcome, ...exit } = await outcomeOf(job, host, options, keep, signal)
    const duration = performance.now() - start
    return { ...exit, duration, ...(await leftBy(outcome, job, host)) }
  }
  if (shell && (shell.exact || length <= MOST_IN_A_LINE)) {
    try {
      return await settled(inShell(shell, launch, options, keep))
    } catch (error) {
      if (!(error instanceof NoSpace)) throw error
    }
  }
  return settled(await unlessAborted(alone(host.link, launch, options, keep, signal), signal))
}

async function outcomeOf(
  job: Job,
  host: ExecHost,
  options: ExecOptions,
  keep: number,
  signal: AbortSignal,
): Promise<Omit<Exit, 'duration'> & { outcome: Outcome }> {
  const limit = limitOf(job, options.timeout, signal)
  void job.group.then((group) => group !== undefined && host.tell(`run ${group}`))
  try {
    const outcome = await job.outcome
    const { code, signalled, stdout, stderr, cut = UNCUT } = outcome
    await limit.ended()
    const exit = {
      code,
      ...(signalled ? signalName(code) : {}),
      stdout: stdout.subarray(0, keep),
      stderr: stderr.subarray(0, keep),
      cut: { stdout: cut.stdout || stdout.length > keep, stderr: cut.stderr || stderr.length > keep },
      timedOut: limit.timedOut(),
      outcome,
    }
    if (!signal.aborted) return exit
    options.cutShort?.({ ...exit, duration: 0 })
    throw signal.reason
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error
  } finally {
    limit.clear()
    void job.group.then((group) => group !== undefined && host.tell(`end ${group}`))
  }
}

async function leftBy({ left }: Outcome, job: Job, host: ExecHost): Promise<{ left?: LeftBehind }> {
  if (left === undefined) return {}
  if (left === 'elsewhere') return { left: elsewhere }
  const group = await job.group
  if (group === undefined) return {}
  const never = new AbortController().signal
  return { left: leftInGroup(group, (sh, options) => execRemotely(host, { sh }, options, never)) }
}

function inShell(shell: FramedShell, launch: Launch, options: ExecOptions, keep: number): Job {
  return shell.run({ line: lineOf(launch, options), stdin: launch.stdin, script: launch.script, keep })
}

async function alone(
  link: Link,
  launch: Launch,
  options: ExecOptions,
  keep: number,
  signal: AbortSignal,
): Promise<Job> {
  const giveBack = await link.slots.take()
  try {
    signal.throwIfAborted()
    const job = await execAlone(link, (script) => mainOf(launch, options, script), launch, keep, signal)
    void job.outcome.catch(() => undefined).then(giveBack)
    return job
  } catch (error) {
    giveBack()
    throw error
  }
}

/** What is waited for may take as long as a host that does not answer. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Folder and environment, and then the command in the place of the shell. */
function mainOf({ argv, script }: Launch, options: ExecOptions, scriptFrom: string): string {
  const from = script === undefined ? '' : ` ${scriptFrom}`
  return [...before(options, quote), `exec ${argv.map(quote).join(' ')}${from}`, ''].join('\n')
}

/** The same for the shell that is kept there, in its words. */
function lineOf({ argv, stdin, script }: Launch, options: ExecOptions): string {
  const [file = '', ...words] = argv.map(quoteOnLine)
  const from = [stdin === undefined ? '' : '<"$slot.in"', script === undefined ? '' : '3<"$slot.script"'].join(' ')
  return [...before(options, quoteOnLine), `there ${file}`, `become ${[file, ...words].join(' ')} ${from}`].join('; ')
}

function before({ cwd, env = {} }: ExecOptions, quoted: (word: string) => string): string[] {
  const folder =
    cwd === undefined
      ? []
      : [`cd ${quoted(cwd)} 2>/dev/null || { echo ${quoted(`there is no folder ${cwd}`)} >&2; exit 127; }`]
  return [...folder, ...Object.entries(env).map(([name, value]) => `export ${variable(name)}=${quoted(value)}`)]
}

function variable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  throw new TargetError(`"${name}" can't be an environment variable on an SSH target: use letters, digits and _`)
}

function limitOf(job: Job, timeout: number | undefined, signal: AbortSignal) {
  let timedOut = false
  let stopping: Promise<void> | undefined
  const end = () => {
    stopping ??= job.stop().catch(() => undefined)
  }
  const late = () => {
    timedOut = true
    end()
  }
  const timer = timeout === undefined ? undefined : after(timeout, late)
  signal.addEventListener('abort', end, { once: true })
  return {
    timedOut: () => timedOut,
    ended: async () => stopping,
    clear: () => {
      timer?.stop()
      signal.removeEventListener('abort', end)
    },
  }
}

function signalName(code: number): { signal?: string } {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
  return name === undefined ? {} : { signal: name }
}
