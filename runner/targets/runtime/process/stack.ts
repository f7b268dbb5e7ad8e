/** A stack of processes: brought up as a change, gone by its undo, and at the latest with the runner. */
import { join, resolve } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import type { Runtime, RuntimeHost, Service, ServiceNames } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { parseDuration } from '../../../contracts/units.ts'
import { environmentTexts } from '../../environment-texts.ts'
import { downGrace, needsOf, type ServiceConfig, servicesOf, stopBy } from './config.ts'
import { here } from './here.ts'
import { knownService } from './known.ts'
import type { Layout, Machine } from './machine.ts'
import type { HeldPort } from './ports.ts'
import { untilReady } from './readiness.ts'
import { runScript } from './run-script.ts'
import { downScript, isDown } from './scripts.ts'
import { namesOf, processService, type ServiceParts } from './service.ts'
import { Supervising } from './supervising.ts'
import { there } from './there.ts'

const UP_WITHIN = 120_000

interface Member {
  readonly config: ServiceConfig
  readonly parts: ServiceParts
  readonly service: Service
  port: number | undefined
  held: HeldPort | undefined
  environment: Readonly<Record<string, string>>
}

export class ProcessStack implements Runtime {
  readonly #machine: Machine
  readonly #host: RuntimeHost
  readonly #limit: number
  readonly #supervising: Supervising
  readonly #members = new Map<string, Member>()
  readonly #configs: Readonly<Record<string, ServiceConfig>>

  constructor(config: Readonly<Record<string, unknown>>, transport: Transport, host: RuntimeHost) {
    this.#machine = machineOf(config, transport, host)
    this.#host = host
    this.#limit = limitOf(config)
    this.#configs = servicesOf(config)
    this.#supervising = new Supervising(transport, this.#machine, downGrace(this.#configs))
    for (const [name, one] of Object.entries(this.#configs)) this.#members.set(name, this.#member(name, one, transport))
  }

  names(): readonly string[] {
    return [...this.#members.keys()]
  }

  service(name: string): Service {
    return this.#memberOf(name).service
  }

  /** Ports are chosen here, all before anything starts; nothing else is done before the undo is journalled. */
  async up(): Promise<Change | undefined> {
    const names = this.names().join(', ')
    if (names === '') return undefined
    for (const member of this.#members.values()) await this.#choosePort(member)
    return {
      does: `starts ${names}`,
      touches: [],
      undo: {
        of: 'stack',
        title: `the stack (${names}) is gone`,
        sh: downScript(this.#machine.stack, this.#machine.tidy),
        verify: isDown(this.#machine.stack),
        settles: 5_000,
        touches: [],
        ends: { by: 'holder' },
      },
      apply: (signal) => this.#start(signal),
    }
  }

  /** The stack stays when this closes, until its undo is run. */
  async keep(): Promise<void> {
    await this.#supervising.keep()
  }

  /** What the undo did not take down goes here, unless it is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervising.close()
    this.#machine.logs.close()
    for (const { held } of this.#members.values()) await held?.release()
  }

  #member(name: string, config: ServiceConfig, transport: Transport): Member {
    const known = knownService(name, this.#machine, stopBy(config), transport, this.#supervising)
    const parts: ServiceParts = {
      known,
      supervising: this.#supervising,
      directory: join(this.#machine.stack, name, 'files'),
      hasReady: config.ready !== undefined,
      port: () => member.port,
      environment: () => member.environment,
      untilReady: (signal) =>
        untilReady({ known, config, supervising: this.#supervising, host: this.#host, signal, limit: this.#limit }),
      isReady: async (signal) => (await this.#host.ready(name, signal))?.holds === true,
    }
    const service = processService(parts)
    const member: Member = { config, parts, service, port: undefined, held: undefined, environment: {} }
    return member
  }

  async #choosePort(member: Member): Promise<void> {
    if (member.config.port === 'auto') member.held ??= await this.#machine.holdPort()
    member.port = member.held?.port ?? fixedPort(this.#host.resolve(member.config.port, {}))
  }

  async #start(signal: AbortSignal): Promise<void> {
    await this.#machine.prepare(this.#layouts(), this.#host.home)
    await this.#supervising.start()
    const ready = new Map<string, Promise<void>>()
    for (const name of this.names()) {
      const needs = needsOf(name, this.#configs).map((other) => ready.get(other))
      ready.set(name, this.#startOne(name, Promise.all(needs), signal))
    }
    await allOrFirst([...ready.values()])
  }

  #layouts(): ReadonlyMap<string, Layout> {
    const names = this.#allNames()
    const { stack, folder: from } = this.#machine
    const layouts = new Map<string, Layout>()
    for (const [name, member] of this.#members) {
      const { command, files = {}, env = {}, directory = '.' } = member.config
      const resolved = <T>(plain: T) => this.#host.resolve(plain, names)
      const environment = environmentOf(resolved(env), member.port)
      member.environment = environment
      const run = runScript({
        stack,
        folder: resolve(from, resolved(directory)),
        environment,
        command: this.#host.command(command, names, ['services', name, 'command']),
      })
      layouts.set(name, { run, files: resolved(files) })
    }
    return layouts
  }

  /** A service is started once those that it is made with are ready; the others do not wait for each other. */
  async #startOne(name: string, needs: Promise<unknown>, signal: AbortSignal): Promise<void> {
    await needs
    signal.throwIfAborted()
    const { parts, held } = this.#memberOf(name)
    this.#host.note(`starting ${name}`)
    await held?.vacate()
    this.#supervising.tell(`start ${name}`)
    await parts.untilReady(signal)
  }

  #allNames(): Readonly<Record<string, ServiceNames>> {
    return Object.fromEntries([...this.#members].map(([name, { parts }]) => [name, namesOf(parts)]))
  }

  #memberOf(name: string): Member {
    const member = this.#members.get(name)
    if (member) return member
    throw new TargetError(`this target has no service "${name}"`)
  }
}

/** Services start in the folder of targets.yaml; on a host, where a target's `directory` is or its login folder. */
function machineOf(config: Readonly<Record<string, unknown>>, transport: Transport, host: RuntimeHost): Machine {
  if (transport.folder === undefined) return here(transport, join(host.folder, 'services'), host.home)
  const directory = String(host.resolve(config['directory'] ?? '.', {}))
  return there(transport, host.folder, resolve(transport.folder, directory))
}

function fixedPort(port: unknown): number | undefined {
  if (port === undefined) return undefined
  const number = Number(port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw new TargetError(`"${port}" is no port`)
}

function environmentOf(env: Readonly<Record<string, unknown>>, port: number | undefined): Record<string, string> {
  const own = port === undefined ? {} : { PORT: String(port) }
  return { ...own, ...environmentTexts(env) }
}

/** `defaults.up`, times the target's patience; 2 minutes. */
function limitOf(config: Readonly<Record<string, unknown>>): number {
  const { up, patience } = (config['defaults'] ?? {}) as { up?: string; patience?: number }
  return (parseDuration(up ?? '') ?? UP_WITHIN) * (typeof patience === 'number' ? patience : 1)
}

/** Fails with the first failure and leaves none of the others unhandled. */
async function allOrFirst(work: readonly Promise<void>[]): Promise<void> {
  void Promise.allSettled(work)
  await Promise.all(work)
}
