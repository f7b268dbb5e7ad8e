/** Waits until a service that was brought up is ready: woken by the daemon's events, sampled otherwise. */
import { type FailureDetails, messageOf, TargetError } from '../../../contracts/errors.ts'
import { healthCheckOutput } from '../../../contracts/health-check.ts'
import type { RuntimeHost, Service, ServiceState } from '../../../contracts/target.ts'
import { textsOf } from '../log/texts.ts'
import { lookUntil, type Seen } from '../look-until.ts'
import type { Inspection } from './inspection.ts'

const LAST_LINES = 20
/** How long one that nobody can ask is looked at, since what can't work ends at once. In ms. */
const FIRST_MOMENT = 250

export interface Starting {
  readonly service: Service
  readonly host: RuntimeHost
  readonly signal: AbortSignal
  /** ms. */
  readonly limit: number
}

/** Throws a TargetError with the last lines of its log when it exits, or is not ready in time. */
export function untilReady(starting: Starting): Promise<void> {
  const { service } = starting
  return lookUntil({
    ...starting,
    pause: 10,
    look: (passed) => look(starting, passed),
    notUp: (message, details) => notUp(service, message, details),
  })
}

async function look({ service, host, signal }: Starting, passed: number): Promise<Seen> {
  const state = await service.state({ health: true, signal })
  if (state.state === 'exited') return afterExit(service, state)
  if (state.state !== 'running') return { holds: false, says: `it is ${state.state}` }
  if (state.health !== 'healthy' && state.health !== 'none') return unhealthy(service, state)
  try {
    const own = await host.ready(service.name, signal)
    if (own || state.health === 'healthy') return own ?? { holds: true, says: '' }
    return { holds: passed >= FIRST_MOMENT, says: 'it was just started' }
  } catch (error) {
    return { holds: false, says: messageOf(error) }
  }
}

function unhealthy({ name }: Service, state: ServiceState): Seen {
  const { Test = [] } = (state.json as Inspection).Config.Healthcheck ?? {}
  const output = healthCheckOutput(name, state)
  return {
    holds: false,
    says: `it is ${state.health}`,
    condition: `its health check to succeed: ${Test.slice(1).join(' ')}`,
    details: output && { outputs: [output] },
  }
}

/** One without a health check may also be there to do its work and go. */
async function afterExit(service: Service, { exit, json }: ServiceState) {
  const { State, Config } = json as Inspection
  if (exit === 0 && Config.Healthcheck === undefined) return { holds: true, says: 'done' }
  const how = State.OOMKilled ? `${exit} (out of memory)` : State.Error ? `${exit}: ${State.Error}` : exit
  throw await notUp(service, `${service.name} exited with ${how} before it was ready`)
}

async function notUp(service: Service, message: string, details: FailureDetails = {}): Promise<TargetError> {
  const lines = await textsOf(service.logs({ last: LAST_LINES }))
  return new TargetError(message, { details: { ...details, logs: [{ service: service.name, lines }] } })
}
