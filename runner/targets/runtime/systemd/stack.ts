/** A target of units: those of a machine that are there already, and those that a target brings for each case. */
import { TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'
import type { Runtime, RuntimeHost, Service } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { parseDuration } from '../../../contracts/units.ts'
import { type Brought, bringUnits, readUnitFile } from './bring.ts'
import { endsOf, Follower } from './journal.ts'
import { knownUnit, unitNameOf } from './known.ts'
import { type Machine, machineBehind } from './machine.ts'
import { untilReady } from './readiness.ts'
import { type ServiceParts, unitService } from './service.ts'
import { lookAt, type Unit } from './unit.ts'
import { UnitLog } from './unit-log.ts'

const UP_WITHIN = 120_000

export interface ServiceConfig {
  readonly unit?: string
  readonly 'unit-file'?: string
  readonly port?: number | string
  readonly address?: string
  readonly ready?: unknown
  readonly directory?: string
}

type ServiceConfigs = Readonly<Record<string, ServiceConfig | null>>

interface Member {
  readonly service: Service
  readonly parts: ServiceParts
  readonly brought: Brought | undefined
}

/** Throws a TargetError without systemd, and for a unit that it does not know. */
export async function openUnits(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
  host: RuntimeHost,
): Promise<Runtime> {
  const machine = await machineBehind(transport)
  const services = (config['services'] ?? {}) as ServiceConfigs
  const names = Object.keys(services)
  const asked = names.map((name) => unitNameOf(host.resolve(services[name]?.unit ?? name, {})))
  const units = asked.length === 0 ? [] : await lookAt(machine, asked)
  const ids = units.map(({ id }) => id)
  const ends = await endsOf(machine, ids)
  const journal = new Follower(machine, ids, ends.state)
  const members = new Map<string, Member>()
  names.forEach((name, index) => {
    const [one, unit] = [services[name] ?? {}, units[index] as Unit]
    demand(name, one, unit, machine)
    const log = new UnitLog({ machine, unit: unit.id, cursor: ends.logs[index] ?? '', anchor: ends.all })
    members.set(name, memberOf({ name, config: one, unit, machine, journal, log, host, limit: limitOf(config) }))
  })
  return new UnitStack(members, journal)
}

/** A unit that is missing, or that is in the way of one that a target brings. */
function demand(name: string, config: ServiceConfig, { id, known, properties }: Unit, { transport }: Machine): void {
  const where = transport.address === 'local' ? 'this machine' : transport.address
  const fail = (message: string) => new TargetError(message, { details: { place: placeOf(config) } })
  if (config['unit-file'] !== undefined) {
    if (known)
      throw fail(
        `${where} has a unit ${id} already (${properties['FragmentPath']}): leave \`unit-file\` out, or give it another name`,
      )
    return
  }
  const load = properties['LoadState']
  if (load === 'not-found')
    throw fail(
      `service "${name}" has no unit: systemd on ${where} knows no ${id}; write \`unit: NAME\` (systemctl list-unit-files shows them), or bring one by \`unit-file: PATH\``,
    )
  if (!known || load === 'masked')
    throw fail(`service "${name}" can’t be used: ${id} on ${where} is ${load}; \`systemctl status ${id}\` tells more`)
}

interface MemberParts {
  readonly name: string
  readonly config: ServiceConfig
  readonly unit: Unit
  readonly machine: Machine
  readonly journal: Follower
  readonly log: UnitLog
  readonly host: RuntimeHost
  /** ms until it has to be ready. */
  readonly limit: number
}

function memberOf({ name, config, unit, machine, journal, log, host, limit }: MemberParts): Member {
  const { labels } = host
  const mark = `${labels.run}-${labels.case}`.replace(/[^\w-]+/g, '-')
  const known = knownUnit({ name, unit: unit.id, machine, journal, run: labels.run, mark }, unit)
  const {
    address = '127.0.0.1',
    directory,
    port,
  } = host.resolve({ address: config.address, directory: config.directory, port: config.port }, {})
  const parts: ServiceParts = {
    known,
    address,
    directory,
    port: portOf(port),
    hasReady: config.ready !== undefined,
    untilReady: (signal) => untilReady({ service, known, hasReady: config.ready !== undefined, host, signal, limit }),
    isReady: async (signal) => (await host.ready(name, signal))?.holds === true,
    log,
  }
  const file = config['unit-file']
  const brought =
    file === undefined ? undefined : { known, text: readUnitFile(host.resolve(file, {}), host.home, config) }
  const service: Service = unitService(parts)
  return { service, parts, brought }
}

class UnitStack implements Runtime {
  readonly #members: ReadonlyMap<string, Member>
  readonly #journal: Follower
  readonly #watching: readonly AsyncDisposable[]

  constructor(members: ReadonlyMap<string, Member>, journal: Follower) {
    this.#members = members
    this.#journal = journal
    // `services.NAME.pid` is asked for without waiting, so that it is looked up whenever something happened.
    this.#watching = [...members.values()].map(({ parts: { known } }) =>
      journal.watch(known.unit, () => void known.look().catch(() => undefined)),
    )
  }

  names(): readonly string[] {
    return [...this.#members.keys()]
  }

  service(name: string): Service {
    const member = this.#members.get(name)
    if (member) return member.service
    throw new TargetError(`this target has no service "${name}": it has ${this.names().join(', ') || 'none'}`)
  }

  async up(): Promise<Change | undefined> {
    const all = [...this.#members.values()].filter(({ brought }) => brought !== undefined)
    if (all.length === 0) return undefined
    return bringUnits(
      all.map(({ brought }) => brought as Brought),
      async (signal) => {
        await Promise.all(all.map(({ parts }) => parts.untilReady(signal)))
      },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watching of this.#watching) await watching[Symbol.asyncDispose]()
    for (const { parts } of this.#members.values()) parts.log.close()
    await this.#journal[Symbol.asyncDispose]()
  }
}

function portOf(port: unknown): number | undefined {
  if (port === undefined) return undefined
  const number = Number(port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw new TargetError(`"${port}" is no port: write a number from 1 to 65535`)
}

/** `defaults.up`, times the target's patience; 2 minutes. */
function limitOf(config: Readonly<Record<string, unknown>>): number {
  const { up, patience } = (config['defaults'] ?? {}) as { up?: string; patience?: number }
  return (parseDuration(up ?? '') ?? UP_WITHIN) * (typeof patience === 'number' ? patience : 1)
}
