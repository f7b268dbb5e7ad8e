/** Where the Docker daemon of a target listens. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import type { Address, Transport } from '../../../contracts/transport.ts'

const USUAL = '/var/run/docker.sock'

/** As the plan's target says, else as the `docker` command on that machine would have it. Throws a TargetError. */
export function daemonAddress(said: string | undefined, transport: Transport): Address {
  if (said !== undefined) return parseHost(said, '`daemon` of the target')
  if (transport.address !== 'local') return { path: USUAL }
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = process.env
  if (host) return parseHost(host, 'DOCKER_HOST')
  const name = context || currentContext()
  if (name !== undefined && name !== 'default') return parseHost(hostOfContext(name), `docker context "${name}"`)
  const sockets = socketsOf(homedir(), process.env['XDG_RUNTIME_DIR'])
  return { path: sockets.find((path) => existsSync(path)) ?? USUAL }
}

/** `unix:///run/docker.sock`, `tcp://127.0.0.1:2375`, or a path. */
function parseHost(host: string, from: string): Address {
  if (host.startsWith('unix://')) return { path: host.slice('unix://'.length) }
  if (host.startsWith('/')) return { path: host }
  if (host.startsWith('ssh://'))
    throw new TargetError(`${from} is ${host}: give the target \`ssh: ${host.slice('ssh://'.length)}\` instead`)
  const [, name, port] = /^tcp:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(host) ?? []
  if (name === undefined) throw new TargetError(`${from} is "${host}": write unix:///PATH or tcp://HOST:PORT`)
  if (process.env['DOCKER_TLS_VERIFY'])
    throw new TargetError(`${from} is ${host} with TLS, which is not built yet: reach that host with \`ssh:\``)
  return { host: name.replace(/^\[|\]$/g, ''), port: Number(port ?? 2375) }
}

/** Docker's own, rootless, Docker Desktop's, Colima's and OrbStack's. */
export function socketsOf(home: string, runtime: string | undefined): readonly string[] {
  return [
    USUAL,
    ...(runtime ? [join(runtime, 'docker.sock')] : []),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.colima', 'default', 'docker.sock'),
    join(home, '.orbstack', 'run', 'docker.sock'),
  ]
}

function dockerFolder(): string {
  return process.env['DOCKER_CONFIG'] || join(homedir(), '.docker')
}

function currentContext(): string | undefined {
  return readJson<{ currentContext?: string }>(join(dockerFolder(), 'config.json'))?.currentContext
}

function hostOfContext(name: string): string {
  const id = createHash('sha256').update(name).digest('hex')
  const meta = readJson<{ Endpoints?: { docker?: { Host?: string } } }>(
    join(dockerFolder(), 'contexts', 'meta', id, 'meta.json'),
  )
  const host = meta?.Endpoints?.docker?.Host
  if (host) return host
  throw new TargetError(`there is no docker context "${name}": look at \`docker context ls\``)
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return undefined
  }
}
