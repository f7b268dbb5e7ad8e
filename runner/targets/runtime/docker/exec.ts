/** Commands inside a container, as `docker exec` runs them. */

import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { after } from '../../../base/timer.ts'
import { type Command, toShell } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import type { ExecOptions, Exit } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'
import { Frames } from './frames.ts'

const KEEP = 16 * 1024 * 1024
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
  const output = collect(socket, options.keep ?? KEEP)
  const limit = timeLimit(options.timeout, signal, async () => {
    await endMarked(engine, container, mark)
    socket.destroy()
  })
  socket.end(stdin)
  try {
    await output.over
    await limit.ended()
  } finally {
    limit.clear()
  }
  if (signal.aborted) throw signal.reason
  const code = limit.timedOut() ? 137 : await exitCode(engine, Id)
  return exitOf(code, output, limit.timedOut(), performance.now() - start)
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
  truncated: boolean
}

function collect(socket: Duplex, keep: number): Output {
  const kept: [Buffer[], Buffer[]] = [[], []]
  const sizes = [0, 0]
  const over = Promise.withResolvers<void>()
  const output: Output = { over: over.promise, kept, truncated: false }
  const frames = new Frames((stream, bytes) => {
    const of = stream === 1 ? 0 : 1
    const piece = bytes.subarray(0, Math.max(0, keep - (sizes[of] ?? 0)))
    if (piece.length > 0) kept[of]?.push(Buffer.from(piece))
    if (piece.length < bytes.length) output.truncated = true
    sizes[of] = (sizes[of] ?? 0) + bytes.length
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
    truncated: output.truncated,
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
    truncated: false,
    timedOut: false,
    duration,
  }
}

/** Ends what carries the mark, and what that started: it is inherited. Without a shell inside, the daemon's view has to do. */
async function endMarked(engine: Engine, container: string, mark: string): Promise<void> {
  const script = `for p in /proc/[0-9]*; do tr '\\0' '\\n' <"$p/environ" 2>/dev/null | grep -qx '${MARK}=${mark}' && kill -9 "\${p#/proc/}" 2>/dev/null; done`
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
