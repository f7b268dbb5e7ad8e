/** A target as one step sees it; dead once the step is over, so that what goes on too long can change nothing more. */
import { isAbsolute, join, resolve } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { Runtime, Service, Target, Transport } from '../contracts/target.ts'
import { replaceFile } from './files.ts'
import { HttpClient } from './http.ts'

export interface TargetParts {
  readonly name: string
  readonly transport: Transport
  readonly runtime: Runtime
  /** Folder of targets.yaml. */
  readonly home: string
  readonly config: Readonly<Record<string, unknown>>
}

const clients = new WeakMap<Runtime, HttpClient>()

export function bindTarget(parts: TargetParts, signal: AbortSignal): { target: Target; release(): void } {
  const { name, transport, runtime, config } = parts
  const directory = resolve(parts.home, typeof config['directory'] === 'string' ? config['directory'] : '.')
  const environment = (config['environment'] ?? {}) as Record<string, string>
  let over = false
  const alive = () => {
    if (over) throw new TargetError('the step is over')
  }
  const service = (asked: string): Service => {
    alive()
    return runtime.service(asked)
  }
  const file: Target['file'] = (path, { in: inside } = {}) => {
    alive()
    const from = inside === undefined ? directory : service(inside).directory
    return {
      files: inside === undefined ? transport.files : service(inside).files,
      path: isAbsolute(path) ? path : join(from, path),
    }
  }
  const exec: Target['exec'] = async (command, { in: inside, ...options } = {}) => {
    alive()
    const all = {
      ...options,
      cwd: options.cwd === undefined ? undefined : file(options.cwd, { in: inside }).path,
      env: { ...environment, ...options.env },
      shell: options.shell ?? (config['shell'] as string | undefined),
    }
    if (inside !== undefined) return service(inside).exec(command, all, signal)
    return transport.exec(command, { ...all, cwd: all.cwd ?? directory }, signal)
  }
  const endpoint = async (host: string, port: number | undefined) => {
    if (!runtime.names().includes(host)) return undefined
    const to = await service(host).endpoint(port)
    if (to === undefined)
      throw new TargetError(`${host} declares no port: write it into the address`, { transient: true })
    return to
  }
  const target: Target = {
    name,
    signal,
    exec,
    file,
    service,
    services: () => runtime.names(),
    http: async (request) => {
      alive()
      const { host, port } = hostAndPort(request.url)
      return clientOf(runtime).send(request, await endpoint(host, port), signal)
    },
    connect: async (to, { timeout = 5_000 } = {}) => {
      alive()
      const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(to) ?? [undefined, to, '']
      const known = await endpoint(host, port === '' ? undefined : Number(port))
      if (!known && port === '') throw new TargetError(`"${to}" has no port: write HOST:PORT`)
      return withinTime(timeout, signal, (limit) => transport.connect(known ?? { host, port: Number(port) }, limit))
    },
    replaceFile: (path, bytes, options = {}) =>
      replaceFile(
        {
          path: file(path, { in: options.in }).path,
          said: path,
          files: file(path, { in: options.in }).files,
          exec,
          directory,
        },
        bytes,
        options,
      ),
  }
  return {
    target,
    release: () => {
      over = true
    },
  }
}

function clientOf(runtime: Runtime): HttpClient {
  const known = clients.get(runtime)
  if (known) return known
  const made = new HttpClient()
  clients.set(runtime, made)
  return made
}

function hostAndPort(url: string): { host: string; port: number | undefined } {
  if (!URL.canParse(url)) throw new Error(`"${url}" is no URL: write http://SERVICE/path`)
  const { hostname, port } = new URL(url)
  return { host: hostname, port: port === '' ? undefined : Number(port) }
}

async function withinTime<T>(
  timeout: number,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const end = () => controller.abort()
  const timer = setTimeout(end, timeout)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}
