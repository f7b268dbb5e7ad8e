/** Services as processes of this machine, each in a group of its own, brought up anew for every case. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { quote } from '../../contracts/command.ts'
import { messageOf, TargetError } from '../../contracts/errors.ts'
import { command, condition, mapping, oneOf, optional, Type, text } from '../../contracts/params.ts'
import type {
  Runtime,
  RuntimeHost,
  RuntimeKind,
  Service,
  ServiceNames,
  Transport,
  Wake,
} from '../../contracts/target.ts'
import type { Change } from '../../contracts/undo.ts'
import { formatDuration } from '../../contracts/units.ts'
import { downScript, isDownScript, startScript } from './process/scripts.ts'
import { processService } from './process/service.ts'
import { supervisor } from './process/supervisor.ts'

const UP_WITHIN = 120_000
const LAST_LINES = 15

const values = (description: string) =>
  Type.Unsafe<Record<string, string | number | boolean>>({
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
    description,
  })

const serviceParams = mapping({
  command: command('what is started: a list, or a text for the shell'),
  port: optional(
    Type.Unsafe<number | 'auto'>({
      type: ['integer', 'string'],
      description: 'its port, given to it as PORT; auto is a free one',
    }),
  ),
  env: optional(values('environment variables')),
  files: optional(
    Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'files copied into its own folder, anew for each case: name → source beside targets.yaml',
    }),
  ),
  ready: optional(condition('when it is up: a condition in which its own address may be left out')),
})

interface ServiceConfig {
  readonly command: string | readonly string[]
  readonly port?: number | 'auto'
  readonly env?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string>>
  readonly ready?: unknown
}

export const processRuntime: RuntimeKind = {
  name: 'process',
  summary: 'Services are processes of this machine, brought up for each case and gone with it.',
  params: mapping({
    services: optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: serviceParams,
        description: 'name → how it is started',
      }),
    ),
    lifetime: optional(oneOf(['case'] as const, 'how long a stack lives; only `case` yet')),
    shell: optional(text('another shell than sh')),
  }),
  services: (config) => Object.keys(servicesOf(config)),
  owned: (config) => Object.keys(servicesOf(config)).length > 0,
  open: async (config, transport, host) => new ProcessRuntime(servicesOf(config), transport, host),
}

function servicesOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, ServiceConfig>> {
  return (config['services'] ?? {}) as Record<string, ServiceConfig>
}

class ProcessRuntime implements Runtime {
  readonly #configs: Readonly<Record<string, ServiceConfig>>
  readonly #transport: Transport
  readonly #host: RuntimeHost
  readonly #stack: string
  readonly #services = new Map<string, Service>()
  readonly #wakes = new Map<string, Set<Wake>>()
  readonly #held: Server[] = []
  #supervisor: ChildProcess | undefined

  constructor(configs: Readonly<Record<string, ServiceConfig>>, transport: Transport, host: RuntimeHost) {
    this.#configs = configs
    this.#transport = transport
    this.#host = host
    this.#stack = join(host.folder, 'services')
  }

  names(): readonly string[] {
    return Object.keys(this.#configs)
  }

  service(name: string): Service {
    const service = this.#services.get(name)
    if (service) return service
    throw new TargetError(name in this.#configs ? `${name} is not up yet` : `this target has no service "${name}"`)
  }

  async up(): Promise<Change | undefined> {
    if (this.names().length === 0) return undefined
    await this.#prepare()
    return {
      does: `starts ${this.names().join(', ')}`,
      touches: [],
      undo: {
        of: 'stack',
        title: `the stack (${this.names().join(', ')}) is gone`,
        sh: downScript(this.#stack),
        verify: isDownScript(this.#stack),
        settles: 5_000,
        touches: [],
        ends: { by: 'holder' },
      },
      apply: (signal) => this.#start(signal),
    }
  }

  /** Ports, folders and commands; nothing runs yet. All ports are held until the start, so that no two services get one. */
  async #prepare(): Promise<void> {
    const names: Record<string, ServiceNames> = {}
    for (const [name, config] of Object.entries(this.#configs)) {
      const directory = join(this.#stack, name, 'files')
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      const port = config.port === 'auto' ? await this.#freePort() : config.port
      names[name] = {
        address: '127.0.0.1',
        directory,
        ...(port === undefined ? {} : { port, url: `http://127.0.0.1:${port}` }),
      }
    }
    for (const [name, config] of Object.entries(this.#configs)) this.#prepareService(name, config, names)
  }

  #prepareService(name: string, config: ServiceConfig, names: Readonly<Record<string, ServiceNames>>): void {
    const { directory, port } = names[name] as ServiceNames
    const { files = {}, env = {} } = this.#host.resolve({ files: config.files, env: config.env }, names)
    for (const [to, from] of Object.entries(files))
      this.#copy(name, resolve(this.#host.home, from), join(directory, to))
    const words = this.#host.resolve(config.command, names)
    const all: Record<string, unknown> = { ...(port === undefined ? {} : { PORT: port }), ...env }
    const exports = Object.entries(all).map(([key, value]) => `export ${key}=${quote(String(value))}`)
    const line = Array.isArray(words) ? `exec ${words.map((word) => quote(String(word))).join(' ')}` : String(words)
    writeFileSync(
      join(this.#stack, name, 'run'),
      [`cd ${quote(this.#host.home)} || exit 1`, ...exports, line, ''].join('\n'),
      { mode: 0o600 },
    )
    this.#services.set(
      name,
      processService({
        name,
        stack: this.#stack,
        directory,
        port,
        transport: this.#transport,
        hasReady: config.ready !== undefined,
        healthy: async (signal) =>
          config.ready === undefined ? undefined : (await this.#host.ready(name, signal))?.holds,
        onChange: (wake) => this.#listen(name, wake),
      }),
    )
  }

  #copy(service: string, from: string, to: string): void {
    try {
      mkdirSync(dirname(to), { recursive: true })
      cpSync(from, to, { recursive: true })
      if (statSync(to).isFile()) writeFileSync(to, new Uint8Array(), { flag: 'a' })
    } catch (error) {
      throw new TargetError(`a file of ${service} can't be copied: ${messageOf(error)}`)
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    await this.#startSupervisor()
    for (const server of this.#held.splice(0)) await new Promise((done) => server.close(done))
    for (const name of this.names()) await this.#startService(name, signal)
    const start = performance.now()
    await Promise.all(this.names().map((name) => this.#untilReady(name, start, signal)))
  }

  async #startService(name: string, signal: AbortSignal): Promise<void> {
    const exit = await this.#transport.exec({ sh: startScript(this.#stack, name) }, {}, signal)
    // A service that exits at once is told of with its last words, where readiness is waited for.
    if (exit.code !== 0 && (await this.service(name).state()).state === 'created')
      throw new TargetError(`${name} could not be started: ${Buffer.from(exit.stderr).toString().trim()}`)
  }

  /** The runner's end closes its stdin, and with it everything goes. Nothing of CI's markers is inherited: they would get it killed. */
  async #startSupervisor(): Promise<void> {
    const { BUILD_ID, JENKINS_NODE_COOKIE, RUNNER_TRACKING_ID, ...env } = process.env
    const script = join(this.#stack, 'supervisor.sh')
    writeFileSync(script, supervisor)
    const child = spawn('sh', [script, this.#stack], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
      env,
    })
    this.#supervisor = child
    child.stdin?.on('error', () => undefined)
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    await new Promise<void>((ready, fail) => {
      child.once('error', fail)
      child.once('exit', () => fail(new TargetError('the supervisor of the stack ended at once')))
      lines.on('line', (line) => {
        if (line === 'ready') ready()
        else this.#told(line)
      })
    })
  }

  /** `started NAME PID`, `exited NAME CODE`. */
  #told(line: string): void {
    const [word = '', name = '', what] = line.split(' ')
    const because = word === 'exited' ? `${name} exited with ${what}` : `${name} ${word}`
    for (const wake of this.#wakes.get(name) ?? []) wake(because)
  }

  #listen(name: string, wake: Wake): Disposable {
    const wakes = this.#wakes.get(name) ?? new Set()
    this.#wakes.set(name, wakes)
    wakes.add(wake)
    return { [Symbol.dispose]: () => void wakes.delete(wake) }
  }

  async #untilReady(name: string, start: number, signal: AbortSignal): Promise<void> {
    const service = this.service(name)
    let woken: (() => void) | undefined
    using _exits = this.#listen(name, () => woken?.())
    for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
      signal.throwIfAborted()
      const { state, exit } = await service.state()
      if (state === 'exited') throw await this.#notUp(service, `${name} exited with ${exit} before it was ready`)
      const ready = await this.#host.ready(name, signal)
      if (ready === undefined ? state === 'running' : ready.holds) return
      if (performance.now() - start > UP_WITHIN)
        throw await this.#notUp(
          service,
          `${name} was not ready within ${formatDuration(UP_WITHIN)}: ${ready?.says ?? state}`,
        )
      await new Promise<void>((next) => {
        const timer = setTimeout(next, pause)
        woken = () => {
          clearTimeout(timer)
          next()
        }
      })
    }
  }

  async #notUp(service: Service, message: string): Promise<TargetError> {
    const lines = await service.logs({ last: LAST_LINES })
    return new TargetError(message, { details: { logs: [{ service: service.name, lines }] } })
  }

  async #freePort(): Promise<number> {
    const server = createServer()
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
    this.#held.push(server)
    return (server.address() as { port: number }).port
  }

  /** What the undo did not end goes with the supervisor's stdin. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#held.splice(0)) server.close()
    this.#supervisor?.stdin?.end()
    this.#supervisor?.unref()
  }
}
