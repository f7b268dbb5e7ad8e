/** A target as one step sees it; dead once the step is over, so that what goes on too long can change nothing more. */
import { isAbsolute, join, resolve } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import { MACHINE, type Runtime, type Service, type Target } from '../contracts/target.ts'
import type { Address, Transport } from '../contracts/transport.ts'
import { undoScript } from '../contracts/undo-script.ts'
import { tryConnect } from './address.ts'
import { environmentTexts } from './environment-texts.ts'
import { exported } from './exported.ts'
import { replaceFile } from './files.ts'
import { closeClient } from './http/client.ts'
import { cookiesOf } from './http/cookies.ts'
import { sendHttp } from './http.ts'
import { insideOf } from './inside.ts'
import { machineService } from './machine/service.ts'
import { confirmHost } from './reach/confirm.ts'
import { originOf } from './reach/origin.ts'

export interface TargetParts {
  readonly name: string
  readonly transport: Transport
  readonly runtime: Runtime
  /** Folder of targets.yaml. */
  readonly home: string
  /** The target's own keys: `directory`, `environment`, `shell`. */
  readonly config: Readonly<Record<string, unknown>>
  /** Fills in `${{ }}` of those keys; without it they are taken as they stand. */
  resolve?: (<T>(plain: T) => T) | undefined
  /** Lives as long as the case: it keeps state from step to step, such as cookies. */
  readonly keeps?: object | undefined
}

type Inside = { readonly in?: string | undefined }

/** `release` is called when the step has settled; every call afterwards throws. */
export function bindTarget(parts: TargetParts, signal: AbortSignal): { target: Target; release(): void } {
  const { name, transport, runtime } = parts
  const { directory, environment, shell } = settingsOf(parts)
  let over = false
  const alive = () => {
    if (over) throw new TargetError('the step is over')
  }
  const service = (asked: string): Service => {
    alive()
    const isMachine = asked === MACHINE && !runtime.names().includes(MACHINE)
    return boundService(
      isMachine
        ? machineService({ transport, runtime, home: transport.folder ?? parts.home }, directory)
        : runtime.service(asked),
      alive,
    )
  }
  const file = (path: string, { in: inside }: Inside = {}) => {
    alive()
    const { files, directory: from } = inside === undefined ? { files: transport.files, directory } : service(inside)
    return { files, path: isAbsolute(path) ? path : join(from, path) }
  }
  const locate = async (host: string, port: number | undefined): Promise<Address | undefined> => {
    alive()
    return runtime.names().includes(host) ? endpointOf(service(host), port) : undefined
  }
  const confirm = transport.address === 'local' ? undefined : confirmHost(transport)
  const origin = originOf({ transport, runtime, locate, confirm })
  const jar = cookiesOf(parts.keeps ?? parts)
  const exec: Target['exec'] = async (command, { in: inside, ...options } = {}) => {
    const all = {
      ...options,
      cwd: file(options.cwd ?? '.', { in: inside }).path,
      env: options.env || environment ? { ...environment, ...options.env } : undefined,
      shell: options.shell ?? shell,
    }
    return inside === undefined ? transport.exec(command, all, signal) : service(inside).exec(command, all, signal)
  }
  const target: Target = {
    name,
    signal,
    exec,
    file,
    service,
    services: () => {
      alive()
      return runtime.names()
    },
    http: async ({ in: inside, ...request }) => {
      const from = inside === undefined ? undefined : insideOf(service(inside), runtime, transport)
      if (!from) return sendHttp(origin, request, signal, jar)
      try {
        return await sendHttp(from, request, signal, jar)
      } finally {
        await closeClient(from.transport)
      }
    },
    connect: async (to, { timeout = 5_000, in: inside } = {}) => {
      const from = inside === undefined ? undefined : insideOf(service(inside), runtime, transport)
      return tryConnect(from ?? origin, to, timeout, signal)
    },
    replaceFile: async (path, bytes, options = {}) => {
      const { files, path: absolute } = file(path, options)
      const inside = options.in === undefined ? undefined : service(options.in)
      const place = { files, path: absolute, says: path, exec, service, directory: inside?.directory ?? directory }
      return replaceFile({ ...place, environment, shell, fileUndo: inside?.fileUndo }, bytes, options)
    },
    commandUndo: async (command, verify, { in: name, user } = {}) => {
      const [undo, check] = [exported(command, environment), verify && exported(verify, environment)]
      const inside = name === undefined ? undefined : service(name)
      return inside?.commandUndo
        ? inside.commandUndo(undo, check, { user })
        : undoScript(undo, check, inside?.directory ?? directory)
    },
  }
  return {
    target,
    release: () => {
      over = true
    },
  }
}

interface Settings {
  readonly directory: string
  readonly environment: Readonly<Record<string, string>> | undefined
  readonly shell: string | undefined
}

/** Relative paths start in the target's `directory`, which is itself relative to targets.yaml, or on a host to its login folder. */
function settingsOf({ home, transport, config, resolve: fill = (plain) => plain }: TargetParts): Settings {
  const { directory, environment, shell } = config
  const texts = environmentTexts((fill(environment) ?? {}) as object)
  return {
    directory: resolve(transport.folder ?? home, directory === undefined ? '.' : String(fill(directory))),
    environment: Object.keys(texts).length > 0 ? texts : undefined,
    shell: shell === undefined ? undefined : String(fill(shell)),
  }
}

async function endpointOf(service: Service, port: number | undefined): Promise<Address> {
  const to = await service.endpoint(port)
  if (to) return to
  throw new TargetError(`${service.name} declares no port: write it into the address`, { transient: true })
}

/** What a step could still do through a service it holds on to, it can't once it is over. */
function boundService(service: Service, alive: () => void): Service {
  return {
    ...service,
    exec: (command, options, signal) => {
      alive()
      return service.exec(command, options, signal)
    },
  }
}
