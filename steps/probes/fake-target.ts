/** A target made of this machine, for tests of probes: real requests, commands, files and sockets. */
import { watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { connect as connectNet } from 'node:net'
import { dirname, join } from 'node:path'
import { toShell } from '../../runner/contracts/command.ts'
import { NoAnswer } from '../../runner/contracts/no-answer.ts'
import type { ProbeContext } from '../../runner/contracts/probe.ts'
import type { Service, Target } from '../../runner/contracts/target.ts'
import { type Files, UNCUT } from '../../runner/contracts/transport.ts'

export function fakeTarget(directory: string, services: Readonly<Record<string, Partial<Service>>> = {}): Target {
  const signal = new AbortController().signal
  return {
    name: 'test',
    signal,
    services: () => Object.keys(services),
    service: (name) => services[name] as Service,
    file: (path) => ({ files, path: join(directory, path) }),
    http: fetched,
    exec: (command, options) => executed(toShell(command), directory, options),
    connect: (to) => {
      const [host = '', port] = to.split(':')
      return new Promise((resolve, reject) => {
        const socket = connectNet({ host, port: Number(port) }, () => resolve(socket))
        socket.on('error', (error) => reject(notReached(error)))
      })
    },
    replaceFile: () => Promise.reject(new Error('a probe changes nothing')),
    commandUndo: () => Promise.reject(new Error('a probe changes nothing')),
  }
}

export function fakeContext(target: Target, more: Partial<ProbeContext> = {}): ProbeContext {
  return {
    target,
    signal: target.signal,
    timeout: 5_000,
    logsSince: () => 0,
    memory: new Map(),
    measure: (text) => Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1_000),
    ...more,
  }
}

const files: Files = {
  stat: async (path) => {
    const found = await stat(path).catch(orMissing)
    return (
      found && {
        kind: found.isFile() ? 'file' : found.isFIFO() ? 'fifo' : 'folder',
        size: found.size,
        mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
        owner: String(found.uid),
      }
    )
  },
  read: async (path, { most } = {}) => (await readFile(path).catch(orMissing))?.subarray(0, most),
  sha256: async (path) => {
    const bytes = await readFile(path).catch(orMissing)
    return bytes && new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
  },
  write: () => Promise.reject(new Error('a probe changes nothing')),
  watch: async (path, wake) => {
    const watcher = watch(dirname(path), () => wake('it changed'))
    return { [Symbol.asyncDispose]: async () => watcher.close() }
  },
}

function orMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function notReached(error: Error): NoAnswer {
  return new NoAnswer(error.message, { reachable: false, resolves: true }, error)
}

const fetched: Target['http'] = async ({ method, url, headers = {}, body, timeout }) => {
  const start = performance.now()
  const response = await fetch(url, {
    method,
    headers: { ...headers },
    body: (body as string) ?? null,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  }).catch((error) => {
    throw notReached(error)
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  const text = Buffer.from(bytes).toString()
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    headerLists: Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]])),
    body: bytes,
    duration: performance.now() - start,
    ...(isStream
      ? { events: [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => ({ event: 'message', data })) }
      : {}),
  }
}

async function executed(sh: string, cwd: string, { env, stdin, timeout = 5_000 }: Parameters<Target['exec']>[1] = {}) {
  const start = performance.now()
  const child = Bun.spawn(['sh', '-c', sh], {
    cwd,
    env: { ...process.env, ...env },
    stdin: stdin === undefined ? 'ignore' : Buffer.from(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout,
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.bytes(), child.stderr.bytes(), child.exited])
  const duration = performance.now() - start
  return { code, stdout, stderr, cut: UNCUT, timedOut: child.signalCode === 'SIGTERM', duration }
}
