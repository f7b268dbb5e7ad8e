/** What the Engine tells of a container, and how a service is read from it. */
import type { ServiceState } from '../../../contracts/target.ts'

/** The keys of `GET /containers/ID/json` that are looked at; the rest is shown and recreated as it is. */
export interface Inspection {
  readonly Id: string
  readonly Name: string
  readonly Image: string
  readonly RestartCount: number
  readonly State: {
    readonly Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
    readonly Running: boolean
    readonly Paused: boolean
    readonly OOMKilled: boolean
    readonly ExitCode: number
    readonly Error: string
    readonly Pid: number
    readonly StartedAt: string
    readonly Health?: {
      readonly Status: 'none' | 'starting' | 'healthy' | 'unhealthy'
      /** The last probes, newest last. */
      readonly Log?: readonly { readonly ExitCode: number; readonly Output: string }[] | null
    }
  }
  readonly Config: {
    readonly Image: string
    readonly User: string
    readonly WorkingDir: string
    readonly Env: readonly string[] | null
    readonly Labels: Readonly<Record<string, string>>
    readonly ExposedPorts?: Readonly<Record<string, object>>
    readonly Healthcheck?: { readonly Test?: readonly string[]; readonly Timeout?: number }
    readonly [key: string]: unknown
  }
  readonly HostConfig: {
    readonly AutoRemove?: boolean
    readonly CpuQuota?: number
    readonly CpuPeriod?: number
    readonly NanoCpus?: number
    readonly Memory?: number
    readonly [key: string]: unknown
  }
  readonly Mounts: readonly {
    readonly Type: string
    readonly Name?: string
    readonly Source: string
    readonly Destination: string
  }[]
  readonly NetworkSettings: {
    readonly SandboxKey: string
    readonly Ports?: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>
    readonly Networks: Readonly<Record<string, Attachment>>
  }
}

/** One network that a container is on. */
export interface Attachment {
  readonly NetworkID: string
  readonly IPAddress: string
  readonly GlobalIPv6Address?: string
  readonly Gateway: string
  readonly Aliases: readonly string[] | null
  readonly IPAMConfig: object | null
  readonly Links?: readonly string[] | null
  readonly DriverOpts?: Readonly<Record<string, string>> | null
}

export type Health = ServiceState['health']

/** `health` is what a sample said, where one was taken; the daemon's own lags by its probe interval. */
export function stateOf(
  inspection: Inspection,
  sampled: Health | undefined,
  memory: number | undefined,
): Omit<ServiceState, 'restarts'> {
  const { State, Config, Mounts } = inspection
  const state = stateWord(State.Status)
  const exited = state === 'exited' || state === 'removed'
  return {
    state,
    health: healthOf(inspection, sampled),
    healthCheck: lastProbe(inspection),
    exit: exited ? State.ExitCode : undefined,
    why: exited ? (State.OOMKilled ? 'out of memory' : State.Error || undefined) : undefined,
    startedAt: State.Running ? `${inspection.Id.slice(0, 12)}@${State.StartedAt}` : '',
    pid: State.Pid === 0 ? undefined : State.Pid,
    memory,
    image: Config.Image,
    user: Config.User === '' ? 'root' : Config.User,
    mounts: Mounts.map(({ Destination, Name, Source }) => `${Name ?? Source}:${Destination}`),
    json: inspection,
  }
}

function lastProbe({ State }: Inspection): ServiceState['healthCheck'] {
  const last = State.Health?.Log?.at(-1)
  return last && { exit: last.ExitCode, output: last.Output }
}

/** A service whose container is gone. */
export const removedState: ServiceState = { state: 'removed', health: 'none', restarts: 0, startedAt: '', json: null }

/** What is paused answers nobody, whatever the daemon's last probe said. */
function healthOf({ State, Config }: Inspection, sampled: Health | undefined): Health {
  const [kind = 'NONE'] = Config.Healthcheck?.Test ?? []
  if (kind === 'NONE' && State.Health === undefined) return State.Paused ? 'unhealthy' : 'none'
  if (State.Status !== 'running') return 'unhealthy'
  return sampled ?? State.Health?.Status ?? 'none'
}

function stateWord(status: Inspection['State']['Status']): ServiceState['state'] {
  if (status === 'dead') return 'exited'
  return status === 'removing' ? 'removed' : status
}

/** Its address on the first network that gave it one; undefined while it does not run. */
export function addressOf({ NetworkSettings }: Inspection): string | undefined {
  return Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress
}

/** The one TCP port that its image or its configuration names; undefined where there are several, or none. */
export function onlyPort(inspection: Inspection): number | undefined {
  const [port, another] = tcpPorts(inspection)
  return another === undefined ? port : undefined
}

export function tcpPorts({ Config, NetworkSettings }: Inspection): readonly number[] {
  const named = Object.keys({ ...Config.ExposedPorts, ...NetworkSettings.Ports }).filter((port) =>
    port.endsWith('/tcp'),
  )
  return [...new Set(named.map((port) => Number.parseInt(port, 10)))].sort((a, b) => a - b)
}

/** Where the host has published a port of it. */
export function publishedPort({ NetworkSettings }: Inspection, port: number): number | undefined {
  const [first] = NetworkSettings.Ports?.[`${port}/tcp`] ?? []
  return first === undefined ? undefined : Number(first.HostPort)
}
