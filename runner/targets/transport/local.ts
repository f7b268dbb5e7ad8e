/** This machine as a target: commands in process groups of their own, sockets, files. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createConnection } from 'node:net'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { Command } from '../../contracts/command.ts'
import { toShell } from '../../contracts/command.ts'
import { TargetError } from '../../contracts/errors.ts'
import type { ExecOptions, Exit, Transport } from '../../contracts/target.ts'
import { localFiles } from './local-files.ts'

const KEEP = 16 * 1024 * 1024
/** A grandchild that left the group may hold the pipes open: after the exit they get this long. */
const PIPES_GRACE = 250

const SIGNALS: Readonly<Record<string, number>> = constants.signals

export function localTransport(): Transport {
  return {
    address: 'local',
    exec,
    connect: (to, signal) =>
      new Promise((resolve, reject) => {
        const socket = createConnection('path' in to ? { path: to.path } : { host: to.host, port: to.port })
        const abort = () => socket.destroy(new Error('given up'))
        signal.addEventListener('abort', abort, { once: true })
        socket.once('error', reject)
        socket.once('connect', () => {
          signal.removeEventListener('abort', abort)
          socket.off('error', reject)
          resolve(socket)
        })
      }),
    files: localFiles,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** Runs a command in a group of its own; the whole group is ended at the time limit and at an abort. */
async function exec(command: Command, options: ExecOptions, signal: AbortSignal): Promise<Exit> {
  signal.throwIfAborted()
  const start = performance.now()
  const child = begin(command, options)
  const [stdout, stderr] = [new Kept(child.stdout, options.keep ?? KEEP), new Kept(child.stderr, options.keep ?? KEEP)]
  let timedOut = false
  const end = () => endGroup(child)
  signal.addEventListener('abort', end, { once: true })
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          end()
        }, options.timeout)
  try {
    const { code, name } = await ended(child)
    await Promise.race([Promise.all([stdout.closed, stderr.closed]), grace()])
    if (signal.aborted) throw signal.reason
    return {
      code,
      signal: name,
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      truncated: stdout.truncated || stderr.truncated,
      timedOut,
      duration: performance.now() - start,
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
}

/** A script travels over stdin within braces: the shell reads all of it before it runs any, so no command can eat the rest. */
function begin(command: Command, options: ExecOptions): ChildProcess {
  const cwd = options.cwd
  const env = { ...process.env, ...options.env }
  if ('argv' in command) {
    const [file = '', ...words] = command.argv
    const child = spawn(file, words, {
      cwd,
      env,
      detached: true,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    feed(child.stdin, options.stdin)
    return child
  }
  const shell = options.shell ?? 'sh'
  if (options.stdin === undefined) {
    const child = spawn(shell, ['-s'], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    feed(child.stdin, `{ ${toShell(command)}\n} </dev/null\n`)
    return child
  }
  const child = spawn(shell, ['-s'], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
  feed(child.stdin, `{ ${toShell(command)}\n} <&3 3<&-\n`)
  feed(child.stdio[3] as NodeJS.WritableStream, options.stdin)
  return child
}

/** A command that does not read its input closes the pipe, which is no error of ours. */
function feed(stream: NodeJS.WritableStream | null | undefined, content: string | Uint8Array | undefined): void {
  if (!stream || content === undefined) return
  stream.on('error', () => undefined)
  stream.end(content)
}

function ended(child: ChildProcess): Promise<{ code: number; name?: string }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: 127 })
      else if (error.code === 'EACCES') resolve({ code: 126 })
      else reject(new TargetError(`the command can't be started: ${error.message}`, { cause: error }))
    })
    child.once('exit', (code, name) =>
      resolve(name === null ? { code: code ?? 1 } : { code: 128 + (SIGNALS[name] ?? 0), name }),
    )
  })
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

function grace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PIPES_GRACE))
}

/** Output up to a limit; what is beyond is read and dropped, so that the command does not block. */
class Kept {
  readonly closed: Promise<void>
  truncated = false
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(stream: Readable | null, limit: number) {
    stream?.on('data', (chunk: Buffer) => {
      const rest = limit - this.#size
      this.truncated ||= chunk.length > rest
      if (rest > 0) this.#chunks.push(chunk.length > rest ? chunk.subarray(0, rest) : chunk)
      this.#size += Math.min(chunk.length, Math.max(0, rest))
    })
    this.closed = new Promise((resolve) => (stream ? stream.once('close', resolve) : resolve()))
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }
}
