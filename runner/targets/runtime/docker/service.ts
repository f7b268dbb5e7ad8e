/** A service of containers, as steps and probes see it. */
import { TargetError } from '../../../contracts/errors.ts'
import { NoAnswer } from '../../../contracts/no-answer.ts'
import type { Service, ServiceNames, ServiceState } from '../../../contracts/target.ts'
import type { Address, Wake } from '../../../contracts/transport.ts'
import { commandUndoInside } from './command-undo.ts'
import type { Events } from './events.ts'
import { execInside } from './exec.ts'
import { fileUndoInside } from './file-undo.ts'
import { filesInside } from './files.ts'
import { followLogs } from './follow-logs.ts'
import type { Group } from './group.ts'
import { sampleHealth } from './health.ts'
import { addressOf, type Inspection, onlyPort, publishedPort, removedState, stateOf, tcpPorts } from './inspection.ts'
import { memoryOf } from './memory.ts'
import type { ServiceLog } from './service-log.ts'
import { type Doing, signalScript, verbsOf } from './verbs.ts'

export interface ServiceParts {
  readonly group: Group
  readonly events: Events
  readonly doing: Doing
  /** As targets.yaml says. */
  readonly port: number | undefined
  readonly sampled: boolean
  /** Container addresses can be reached from where the transport is: not so with Docker in a virtual machine. */
  readonly direct: boolean
  /** Connects from inside. */
  readonly connect: NonNullable<Service['connect']>
  readonly log: ServiceLog
  untilReady(signal: AbortSignal): Promise<void>
}

export function dockerService(parts: ServiceParts): Service {
  const { group, events, doing, log } = parts
  const { name, engine } = group
  return {
    name,
    get directory() {
      return directoryOf(group.last[0])
    },
    files: filesInside(engine, () => group.first()),
    state: ({ health, signal } = {}) => stateNow(parts, health === true, signal),
    names: () => namesOf(parts),
    where: async () => (await group.look()).flatMap(whereOf),
    endpoint: (port) => endpointOf(parts, port),
    exec: async (command, options, signal) => {
      const { Id, State } = await group.first()
      if (State.Status !== 'running') throw new TargetError(`${name} is ${State.Status}`, { transient: true })
      return execInside(engine, Id, command, options, signal)
    },
    connect: parts.connect,
    logs: async ({ since, last } = {}) => {
      const lines = await log.lines(since)
      return last === undefined ? lines : lines.slice(-last)
    },
    logMark: () => log.mark(),
    watch: (wake) => events.watch(({ Actor }) => group.concerns(Actor.ID, Actor.Attributes), name, wake),
    watchLogs: (wake) => watchLogs(parts, wake),
    untilReady: (signal) => parts.untilReady(signal),
    verbs: verbsOf(group, doing),
    signalScript: (signal) => signalScript({ group, shell: doing.shell }, signal),
    lacks: (verb, rule) => doing.lacks(group, verb, rule),
    commandUndo: async (command, verify, { user }) =>
      commandUndoInside(await group.first(), doing.shell, command, verify, {
        directory: directoryOf(group.last[0]),
        user,
      }),
    fileUndo: async (path, before, after, then) =>
      fileUndoInside(engine, await group.first(), doing.shell, {
        path,
        before,
        after,
        then,
        directory: directoryOf(group.last[0]),
      }),
  }
}

function directoryOf(inspection: Inspection | undefined): string {
  return inspection?.Config.WorkingDir || '/'
}

/** The worst of several replicas speaks for all; restarts are added up. */
async function stateNow(parts: ServiceParts, health: boolean, signal: AbortSignal | undefined): Promise<ServiceState> {
  const all = await parts.group.look()
  const { restarts } = parts.group
  if (all.length === 0) return { ...removedState, restarts }
  const states = await Promise.all(all.map((one) => stateOfOne(parts, one, health, signal)))
  return { ...states.reduce((worst, state) => (rank(state) < rank(worst) ? state : worst)), restarts }
}

const order: readonly string[] = ['removed', 'exited', 'created', 'restarting', 'paused', 'running']

function rank({ state, health }: Pick<ServiceState, 'state' | 'health'>): number {
  return order.indexOf(state) * 2 + (health === 'healthy' || health === 'none' ? 1 : 0)
}

async function stateOfOne(
  { group, sampled }: ServiceParts,
  one: Inspection,
  health: boolean,
  signal = new AbortController().signal,
): Promise<Omit<ServiceState, 'restarts'>> {
  if (!health) return stateOf(one, undefined, undefined)
  const [sample, memory] = await Promise.all([
    sampled ? sampleHealth(group.engine, one, signal).catch(() => 'unhealthy' as const) : undefined,
    memoryOf(group.engine, one),
  ])
  return stateOf(one, sample, memory)
}

/** Its container, and the ports of the host that lead to it. */
function whereOf({ Name, NetworkSettings }: Inspection): string[] {
  const ports = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, published]) =>
    (published ?? []).map(({ HostIp, HostPort }) => {
      const host = HostIp.includes(':') ? `[${HostIp}]` : HostIp
      return `port ${port.replace('/tcp', '')} at ${host}:${HostPort}`
    }),
  )
  return [`container ${Name.replace(/^\//, '')}`, ...ports]
}

/** As of the last look: it is made anew at every start. */
function namesOf(parts: ServiceParts): ServiceNames {
  const [one] = parts.group.last
  const address = (one && addressOf(one)) ?? parts.group.name
  const port = one ? portOf(parts, one) : parts.port
  return {
    address,
    directory: directoryOf(one),
    ...(port === undefined ? {} : { port, url: `http://${address}:${port}` }),
    ...(one && one.State.Pid > 0 ? { pid: pidInside(one) } : {}),
  }
}

/** Keeps the last port: the daemon does not report one that only the compose file exposes while the container is off its network. */
function portOf({ group, port }: ServiceParts, one: Inspection): number | undefined {
  const seen = port ?? onlyPort(one)
  if (seen !== undefined) lastPorts.set(group, seen)
  return seen ?? (tcpPorts(one).length === 0 ? lastPorts.get(group) : undefined)
}

const lastPorts = new WeakMap<Group, number>()

/** Its main process is the first in a process namespace of its own. */
function pidInside({ HostConfig, State }: Inspection): number {
  return HostConfig['PidMode'] === 'host' ? State.Pid : 1
}

/** Published host ports and addresses change with every start, so both are looked up anew each time. */
async function endpointOf(parts: ServiceParts, asked: number | undefined): Promise<Address | undefined> {
  const one = await parts.group.first()
  const port = asked ?? portOf(parts, one)
  if (port === undefined) throw portless(parts.group.name, one)
  const address = addressOf(one)
  if (parts.direct && address !== undefined) return { host: address, port }
  const published = publishedPort(one, port)
  if (published !== undefined) return { host: '127.0.0.1', port: published }
  const { name } = parts.group
  if (!one.State.Running) throw noRoute(`${name} is ${one.State.Status}, so nobody listens there`)
  if (address === undefined) throw noRoute(`${name} is on no network`)
  // Others may well reach it: that this machine can't shows nothing.
  throw new TargetError(
    `${name} can't be reached from here: publish its port ${port} (\`ports: ["${port}"]\` in the compose file)`,
    { transient: true },
  )
}

function noRoute(message: string): NoAnswer {
  return new NoAnswer(message, { reachable: false, resolves: true })
}

function portless(name: string, one: Inspection): TargetError {
  const exposed = tcpPorts(one)
  const why = exposed.length === 0 ? 'exposes none' : `exposes several: ${exposed.join(', ')}`
  return new TargetError(
    `${name} declares no port and ${why}. Write the port into the address, or \`services: { ${name}: { port: … } }\` into targets.yaml`,
    { transient: true },
  )
}

/** A follower ends with its container, so it is begun anew when that starts again. */
async function watchLogs({ group, events }: ServiceParts, wake: Wake): Promise<AsyncDisposable> {
  const following = new AsyncDisposableStack()
  const follow = async () => {
    for (const { Id } of await group.look())
      following.use(await followLogs(group.engine, Id, () => wake(`${group.name} logged a line`)))
  }
  following.use(
    await events.watch(
      ({ Action, Actor }) => Action === 'start' && group.concerns(Actor.ID, Actor.Attributes),
      group.name,
      (because) => {
        wake(because)
        follow().catch(() => undefined)
      },
    ),
  )
  await follow()
  return following
}
