/** A target of containers: its daemon, its services, and the stack where it brings one up. */
import { TargetError } from '../../../contracts/errors.ts'
import type { Runtime, RuntimeHost, Service, Verbs } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { parseDuration } from '../../../contracts/units.ts'
import { Compose, composeFiles } from './compose.ts'
import { daemonAddress } from './daemon.ts'
import { Engine } from './engine.ts'
import { type ContainerEvent, Events } from './events.ts'
import { Group } from './group.ts'
import { addressOf } from './inspection.ts'
import { helperImage, helperName } from './network/image.ts'
import { Insides } from './network/inside.ts'
import { lacksNetwork } from './network/lacks.ts'
import { type Shaping, shapeNetwork } from './network/shape.ts'
import { untilReady } from './readiness.ts'
import { scaleService } from './scale.ts'
import { allRemoved, endCompose, removeAll } from './scripts.ts'
import { PROJECT_LABEL, SERVICE_LABEL, type Selector, servicesOf } from './selection.ts'
import { dockerService } from './service.ts'
import { ServiceLog } from './service-log.ts'
import { engineShell, SPEAKS, tries } from './shell.ts'
import type { Doing } from './verbs.ts'

const UP_WITHIN = 120_000

interface Config {
  readonly compose?: string | readonly string[]
  readonly project?: string
  readonly daemon?: string
  readonly 'helper-image'?: string
  readonly services?: Readonly<Record<string, ServiceConfig>>
  readonly defaults?: { readonly up?: string; readonly patience?: number; readonly 'sample-health'?: boolean }
  readonly variables?: Readonly<Record<string, unknown>>
}

interface ServiceConfig {
  readonly container?: string
  readonly label?: string
  readonly port?: number
  readonly 'sample-health'?: boolean
}

/** Throws a TargetError when there is no daemon, or a compose file is wrong. */
export async function openDockerStack(
  raw: Readonly<Record<string, unknown>>,
  transport: Transport,
  host: RuntimeHost,
): Promise<Runtime> {
  const config = raw as Config
  const address = daemonAddress(config.daemon === undefined ? undefined : host.resolve(config.daemon, {}), transport)
  const engine = await Engine.open(transport, address)
  const compose =
    config.compose === undefined || config.project !== undefined
      ? undefined
      : await openCompose(config, engine, transport, host)
  const stack = new DockerStack({ config, engine, transport, host, compose })
  if (compose === undefined) await stack.find()
  return stack
}

async function openCompose(config: Config, engine: Engine, transport: Transport, host: RuntimeHost): Promise<Compose> {
  return Compose.open({
    files: composeFiles(host.resolve(config.compose as string, {}), host.home),
    project: projectOf(host),
    environment: host.environment(),
    labels: labelsOf(host),
    address: engine.address,
    transport,
    host,
  })
}

/** What everything of ours carries, so that it can be found again. */
function labelsOf({ labels: { run, case: kase, plan } }: RuntimeHost): Record<string, string> {
  return { 'shakedown.run': run, 'shakedown.case': kase, 'shakedown.plan': plan }
}

/** Compose takes lower case, digits, - and _. */
function projectOf({ labels }: RuntimeHost): string {
  return `shakedown-${labels.run}-${labels.case}`.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
}

interface Parts {
  readonly config: Config
  readonly engine: Engine
  readonly transport: Transport
  readonly host: RuntimeHost
  readonly compose: Compose | undefined
}

interface Made {
  readonly service: Service
  readonly group: Group
  readonly log: ServiceLog
}

class DockerStack implements Runtime {
  readonly #parts: Parts
  readonly #events: Events
  readonly #services = new Map<string, Made>()
  readonly #doing: Doing
  readonly #insides: Insides
  readonly #listening = new AsyncDisposableStack()

  constructor(parts: Parts) {
    this.#parts = parts
    const { engine, compose } = parts
    this.#events = new Events(engine)
    const shell = engineShell(engine.address, engine.version, helperName(parts.config['helper-image']))
    const shaping: Shaping = {
      engine,
      events: this.#events,
      shell,
      image: parts.config['helper-image'],
      labels: labelsOf(parts.host),
      connect: this.#direct() ? (to, signal) => parts.transport.connect(to, signal) : undefined,
      note: (message) => parts.host.note(message),
      group: (name) => this.#groupOf(name),
      names: () => this.names().filter((name) => !name.endsWith(']')),
    }
    this.#insides = new Insides(shaping)
    this.#doing = {
      shell,
      network: (group, rule) => shapeNetwork(shaping, group, rule),
      scale: compose && ((group, to) => scaleService({ group, shell }, to, () => this.#scale(compose, group.name, to))),
      lacks: async (group, verb, rule) =>
        (await this.#lacks(group, verb)) ?? (verb === 'network' ? lacksNetwork(shaping, group, rule) : undefined),
    }
    const project = compose ? projectOf(parts.host) : parts.config.project
    for (const name of compose?.services ?? []) this.#add(name, { project: project as string, service: name })
  }

  names(): readonly string[] {
    return [...this.#services.keys()]
  }

  service(name: string): Service {
    return this.#known(name).service
  }

  /** Replicas that come get names of their own. */
  async #scale(compose: Compose, name: string, to: number): Promise<void> {
    await compose.scale(name, to)
    await this.#demand(name, this.#groupOf(name))
  }

  #groupOf(name: string): Group {
    return this.#known(name).group
  }

  #known(name: string): Made {
    const known = this.#services.get(name) ?? this.#replica(name)
    if (known) return known
    throw new TargetError(`this target has no service "${name}": it has ${this.names().join(', ') || 'none'}`)
  }

  /** One of several, that may come only with a `scale`. */
  #replica(name: string): Made | undefined {
    const [, base = '', number] = /^(.+)\[([1-9]\d*)\]$/.exec(name) ?? []
    const of = this.#services.get(base)
    return of && this.#made(name, of.group.selector, Number(number))
  }

  /** Services of what runs already. A selector that matches nothing is an error. */
  async find(): Promise<void> {
    const { config, engine } = this.#parts
    const { project } = config
    const found = project === undefined ? [] : await servicesOf(engine, project)
    if (project !== undefined && found.length === 0)
      throw new TargetError(`there is no running Compose project "${project}": look at \`docker compose ls\``)
    for (const name of found) this.#add(name, { project: project as string, service: name })
    for (const [name, service] of Object.entries(config.services ?? {})) {
      const selector = selectorOf(service)
      if (selector) this.#add(name, selector)
      else if (!this.#services.has(name))
        throw new TargetError(`service "${name}" has no container: write \`container: NAME\` or \`label: KEY=VALUE\``)
    }
    for (const [name, { group }] of [...this.#services]) await this.#demand(name, group)
    for (const { group } of this.#services.values()) group.beginCount()
    await this.#keepUpLogs()
    // An unreadable log is an error only for those who ask for it.
    await Promise.all([...this.#services.values()].map(({ log }) => log.begin().catch(() => undefined)))
  }

  /** The first messages of a container may be rotated away soon, and the last ones are removed with it. Its count of restarts begins anew when it is started by hand. */
  async #keepUpLogs(): Promise<void> {
    const told = (event: ContainerEvent | undefined) => {
      if (event?.Action !== 'start' && event?.Action !== 'die') return
      const { ID, Attributes } = event.Actor
      for (const [name, { group, log }] of this.#services)
        if (!name.endsWith(']') && group.concerns(ID, Attributes)) void Promise.allSettled([log.keepUp(), group.look()])
    }
    this.#listening.use(await this.#events.listen(told))
  }

  async up(): Promise<Change | undefined> {
    const { compose, host } = this.#parts
    if (!compose) return undefined
    const label = `${PROJECT_LABEL}=${projectOf(host)}`
    const { shell } = this.#doing
    return {
      does: `starts ${compose.services.join(', ')}`,
      touches: [],
      undo: {
        of: 'stack',
        title: `the stack (${compose.services.join(', ')}) is gone`,
        sh: `${shell}\n${endCompose(projectOf(host))}\n${removeAll(label, true)}`,
        verify: `${shell}\n${allRemoved(label)}`,
        settles: 10_000,
        touches: [],
        ends: { by: 'undo' },
      },
      apply: async (signal) => {
        await this.#keepUpLogs()
        await compose.up()
        for (const [name, { group }] of [...this.#services]) await this.#demand(name, group)
        await this.#untilReady(signal)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening[Symbol.asyncDispose]()
    for (const { log } of this.#services.values()) log.close()
    await this.#insides[Symbol.asyncDispose]()
    await this.#events[Symbol.asyncDispose]()
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const all = [...this.#services.values()].filter(({ group }) => !group.name.includes('['))
    const waits = all.map(({ service }) => this.#untilOneIsReady(service, signal))
    void Promise.allSettled(waits)
    await Promise.all(waits)
  }

  #untilOneIsReady(service: Service, signal: AbortSignal): Promise<void> {
    const { host, config } = this.#parts
    const { up, patience = 1 } = config.defaults ?? {}
    return untilReady({ service, host, signal, limit: (parseDuration(up ?? '') ?? UP_WITHIN) * patience })
  }

  /** Replicas get names of their own: `agent[1]`. */
  async #demand(name: string, group: Group): Promise<void> {
    const { length } = await group.lookAnew()
    if (length === 0) throw new TargetError(`no container is "${name}": nothing matches ${group.says}`)
    if (length === 1) return
    for (let replica = 1; replica <= length; replica++) {
      const one = this.#add(`${name}[${replica}]`, group.selector, replica)
      await one.lookAnew()
    }
  }

  /** Whether the addresses of containers can be reached from where the transport is: not so with Docker in a virtual machine. */
  #direct(): boolean {
    const { engine, transport } = this.#parts
    return 'path' in engine.address && (transport.address !== 'local' || process.platform === 'linux')
  }

  #add(name: string, selector: Selector, replica?: number): Group {
    const made = this.#made(name, selector, replica)
    this.#services.set(name, made)
    return made.group
  }

  #made(name: string, selector: Selector, replica: number | undefined): Made {
    const { engine, config } = this.#parts
    const group = new Group(name, engine, selector, replica)
    const said = config.services?.[name.replace(/\[\d+\]$/, '')]
    const log = new ServiceLog(group)
    group.keepLog = () => log.keepUp()
    const service: Service = dockerService({
      group,
      events: this.#events,
      doing: this.#doing,
      port: said?.port,
      sampled: said?.['sample-health'] ?? config.defaults?.['sample-health'] === true,
      direct: this.#direct(),
      connect: async ({ host, port }, signal, reached) =>
        this.#insides.connect(group, { host: await this.#hostInside(host), port }, signal, reached),
      log,
      untilReady: (signal) => this.#untilOneIsReady(service, signal),
    })
    return { service, group, log }
  }

  /** Compose gives each service its name as an alias; others are known by their address alone. */
  async #hostInside(host: string): Promise<string> {
    const known = this.#services.get(host)
    const one = known && (await known.group.look())[0]
    if (!one || one.Config.Labels[SERVICE_LABEL] === host) return host
    return addressOf(one) ?? host
  }

  /** Nothing could be undone where nobody can speak to the daemon. */
  async #lacksSpeech(): Promise<string | undefined> {
    const { transport, engine, config, host } = this.#parts
    const can = async (sh: string) =>
      (await transport.exec({ sh }, { timeout: 60_000, cwd: '/' }, new AbortController().signal)).code === 0
    if (await can(SPEAKS)) return undefined
    if (!(await can('command -v docker')))
      return 'neither curl nor perl nor docker is on the target, and without one of them nothing could be undone'
    await helperImage(engine, config['helper-image'], (message) => host.note(message))
    if (await can(tries(this.#doing.shell))) return undefined
    return 'of curl, perl and docker only docker is on the target, and it can not start the container that an undo would speak through'
  }

  async #lacks(group: Group, verb: keyof Verbs): Promise<string | undefined> {
    const mute = await this.#lacksSpeech()
    if (mute !== undefined) return mute
    if (verb !== 'hold') return undefined
    const { service } = this.#services.get(group.name) ?? { service: undefined }
    // One that does not run can't be asked; what happens to it then, the step tells.
    if ((await service?.state())?.state !== 'running') return undefined
    const shell = await service?.exec({ argv: ['sh', '-c', ':'] }, { timeout: 10_000 }, new AbortController().signal)
    return shell?.code === 0 ? undefined : `${group.name} has no shell inside`
  }
}

function selectorOf({ container, label }: ServiceConfig): Selector | undefined {
  if (container !== undefined) return { container }
  return label === undefined ? undefined : { label }
}
