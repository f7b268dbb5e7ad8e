/** Commands inside a container, as `docker exec` runs them. */

import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { after } from '../../../base/timer.ts'
import { type Command, toShell } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { type ExecOptions, type Exit, type LeftBehind, OUTPUT_KEPT, UNCUT } from '../../../contracts/transport.ts'
import { processesIn } from '../../transport/left-behind.ts'
import { LONG_GRACE, type Rest, restOf } from '../../transport/output.ts'
import type { Engine } from './engine.ts'
import { Frames } from './frames.ts'

/** How long the daemon may take to know the exit code after the output has ended, in ms. */
const CODE_WITHIN = 2_000
/** Marks what was started, so that all of it can be found and ended. */
const MARK = 'SHAKEDOWN_EXEC'

/** `cwd` is absolute, or the container's own. A time limit or an abort ends everything that the command started. */
export async function execInside(
  engine: Engine,
  container: string,
  command: Command,
  options: ExecOptions & { readonly user?: string | undefined },
  signal: AbortSignal,
): Promise<Exit> {
  signal.throwIfAborted()
  const start = performance.now()
  const mark = randomBytes(8).toString('hex')
  const { argv, stdin } = launchOf(command, options)
  const { Id } = await engine.json<{ Id: string }>('POST', `/containers/${container}/exec`, {
    signal,
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: argv,
      Env: [`${MARK}=${mark}`, ...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`)],
      ...(options.cwd === undefined ? {} : { WorkingDir: options.cwd }),
      ...(options.user === undefined ? {} : { User: options.user }),
    },
  })
  const socket = await engine.hijack(`/exec/${Id}/start`, { Detach: false, Tty: false }, signal)
  const output = collect(socket, options.keep ?? OUTPUT_KEPT)
  const limit = timeLimit(options.timeout, signal, async () => {
    await endMarked(engine, container, mark)
    socket.destroy()
  })
  socket.end(stdin)
  try {
    const rest = await restAfter(engine, Id, output)
    await limit.ended()
    if (signal.aborted) {
      options.cutShort?.(exitOf(137, output, false, performance.now() - start))
      throw signal.reason
    }
    const code = limit.timedOut() ? 137 : await exitCode(engine, Id)
    const exit = exitOf(code, output, limit.timedOut(), performance.now() - start)
    if (rest === 'ended') return exit
    const cut = rest === 'talking' ? { stdout: true, stderr: true } : exit.cut
    return { ...exit, cut, left: leftInside(engine, container, mark) }
  } finally {
    limit.clear()
    socket.destroy()
  }
}

/** The output of a command ends with it, unless a child that goes on holds it: the daemon is asked now and then whether it has ended. */
async function restAfter(engine: Engine, id: string, output: Output): Promise<Rest> {
  for (let pause = 50; ; pause = Math.min(pause * 2, 500)) {
    const timer = pausing(pause)
    const over = await Promise.race([output.over.then(() => true), timer.over])
    timer.clear()
    if (over) return 'ended'
    const { Running } = await engine.json<{ Running: boolean }>('GET', `/exec/${id}/json`)
    if (!Running) return restOf(output.over, output, LONG_GRACE)
  }
}

function pausing(ms: number) {
  const over = Promise.withResolvers<false>()
  const timer = after(ms, () => over.resolve(false))
  return { over: over.promise, clear: timer.stop }
}

/** All that carries the mark goes when one of it does: a container's own processes do not. */
function leftInside(engine: Engine, container: string, mark: string): LeftBehind {
  return {
    look: async () => {
      const never = new AbortController().signal
      const options = { timeout: 5_000 }
      const { stdout } = await execInside(engine, container, { sh: marked(mark, LIST_ONE) }, options, never)
      return processesIn(stdout)
    },
    end: () => endMarked(engine, container, mark),
  }
}

/** The start time is not looked up: no other process carries the mark. */
const LIST_ONE = `echo "\${p#/proc/} 0 $(tr '\\0\\n' '  ' <"$p/cmdline")"`

/** Does something for each process that carries the mark. */
function marked(mark: string, what: string): string {
  return `for p in /proc/[0-9]*; do tr '\\0' '\\n' <"$p/environ" 2>/dev/null | grep -qx '${MARK}=${mark}' && ${what}; done; :`
}

function launchOf(command: Command, { stdin, shell = 'sh' }: ExecOptions): { argv: string[]; stdin: Uint8Array } {
  const input = Buffer.from(stdin ?? '')
  if ('argv' in command) return { argv: [...command.argv], stdin: input }
  const words = shell.split(' ')
  const script = Buffer.from(toShell(command))
  if (stdin === undefined) return { argv: words, stdin: Buffer.from(`{ :; ${script}\n} </dev/null\n`) }
  return { argv: [...words, '-c', FROM_STDIN, String(script.length)], stdin: Buffer.concat([script, input]) }
}

/** The script comes first on stdin, so that it stands in no argv; what is left of it is the command's. */
const FROM_STDIN = 'SD_SCRIPT=$(head -c "$0"); eval "unset SD_SCRIPT\n$SD_SCRIPT"'

interface Output {
  readonly over: Promise<void>
  readonly kept: readonly [Buffer[], Buffer[]]
  readonly cut: { stdout: boolean; stderr: boolean }
  /** Bytes that came. */
  seen: number
}

function collect(socket: Duplex, keep: number): Output {
  const kept: [Buffer[], Buffer[]] = [[], []]
  const sizes = [0, 0]
  const over = Promise.withResolvers<void>()
  const output: Output = { over: over.promise, kept, cut: { ...UNCUT }, seen: 0 }
  const frames = new Frames((stream, bytes) => {
    const of = stream === 1 ? 0 : 1
    const piece = bytes.subarray(0, Math.max(0, keep - (sizes[of] ?? 0)))
    if (piece.length > 0) kept[of]?.push(Buffer.from(piece))
    if (piece.length < bytes.length) output.cut[stream === 1 ? 'stdout' : 'stderr'] = true
    sizes[of] = (sizes[of] ?? 0) + bytes.length
    output.seen += bytes.length
  })
  socket.on('data', (chunk: Buffer) => frames.push(chunk))
  for (const event of ['end', 'close', 'error']) socket.once(event, () => over.resolve())
  socket.resume()
  return output
}

async function exitCode(engine: Engine, id: string): Promise<number> {
  const start = performance.now()
  for (;;) {
    const { ExitCode, Running } = await engine.json<{ ExitCode: number | null; Running: boolean }>(
      'GET',
      `/exec/${id}/json`,
    )
    if (!Running && ExitCode !== null) return ExitCode
    if (performance.now() - start > CODE_WITHIN)
      throw new TargetError('Docker does not tell how the command ended', { transient: true, unknownOutcome: true })
    await Bun.sleep(2)
  }
}

function exitOf(code: number, output: Output, timedOut: boolean, duration: number): Exit {
  const [stdout, stderr] = output.kept.map((chunks) => Buffer.concat(chunks)) as [Buffer, Buffer]
  const refused = /^OCI runtime exec failed: (.*)/.exec(stdout.toString('utf8', 0, 400))?.[1]
  if ((code === 126 || code === 127) && refused !== undefined) return notStarted(refused, duration)
  const signal = code > 128 && code < 160 ? signalNames[code - 128] : undefined
  return {
    code,
    ...(signal && timedOut ? { signal } : {}),
    stdout,
    stderr,
    cut: output.cut,
    timedOut,
    duration,
  }
}

const signalNames: Readonly<Record<number, string>> = { 9: 'SIGKILL', 15: 'SIGTERM' }

/** As a shell would have it: 127 for what is not there, 126 for what can't be run. */
function notStarted(why: string, duration: number): Exit {
  const code = /not found|no such file/i.test(why) ? 127 : 126
  const says = why
    .replace(
      /^exec failed: |container_linux\.go:\d+: |starting container process caused: |unable to start container process: |: unknown\s*$/g,
      '',
    )
    .replace(/^exec: "(.*)": executable file not found in \$PATH$/, '$1: not found')
  return {
    code,
    stdout: new Uint8Array(),
    stderr: Buffer.from(`${says}\n`),
    cut: UNCUT,
    timedOut: false,
    duration,
  }
}

/** Ends what carries the mark, and what that started: it is inherited. Without a shell inside, the daemon's view has to do. */
async function endMarked(engine: Engine, container: string, mark: string): Promise<void> {
  const script = marked(mark, `kill -9 "\${p#/proc/}" 2>/dev/null`)
  try {
    const { Id } = await engine.json<{ Id: string }>('POST', `/containers/${container}/exec`, {
      body: { Cmd: ['sh', '-c', script], AttachStdout: true },
    })
    await engine.bytes('POST', `/exec/${Id}/start`, { body: { Detach: false, Tty: false }, timeout: 5_000 })
  } catch {
    // A container that is gone or has no shell: what ran in it is out of reach, and the caller says that it was too late.
  }
}

function timeLimit(timeout: number | undefined, signal: AbortSignal, end: () => Promise<void>) {
  let timedOut = false
  let ending: Promise<void> | undefined
  const stop = () => {
    ending ??= end()
  }
  const timer =
    timeout === undefined
      ? undefined
      : after(timeout, () => {
          timedOut = true
          stop()
        })
  signal.addEventListener('abort', stop, { once: true })
  return {
    timedOut: () => timedOut,
    ended: async () => ending,
    clear: () => {
      timer?.stop()
      signal.removeEventListener('abort', stop)
    },
  }
}
