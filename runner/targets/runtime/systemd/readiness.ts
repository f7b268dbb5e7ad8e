/** Waits until a unit that was brought is ready: woken by what systemd says of it, sampled otherwise. */
import { type FailureDetails, TargetError } from '../../../contracts/errors.ts'
import type { RuntimeHost, Service } from '../../../contracts/target.ts'
import { lookUntil, type Seen } from '../look-until.ts'
import { lastLines } from './journal.ts'
import type { KnownUnit } from './known.ts'

export interface Starting {
  readonly service: Service
  readonly known: KnownUnit
  readonly hasReady: boolean
  readonly host: RuntimeHost
  readonly signal: AbortSignal
  /** ms. */
  readonly limit: number
}

/** Throws a TargetError with the last lines of its log when it ends, or is not ready in time. */
export function untilReady(starting: Starting): Promise<void> {
  return lookUntil({
    ...starting,
    pause: 20,
    look: () => look(starting),
    notUp: (message, details) => notUp(starting, message, details),
  })
}

/** One without `ready` may also be there to do its work and go. */
async function look(starting: Starting): Promise<Seen> {
  const { service, hasReady, host, signal } = starting
  const { state, exit, why } = await service.state({ signal })
  if (state === 'exited') {
    if (!hasReady && (exit ?? 0) === 0) return { holds: true, says: 'done' }
    throw await notUp(
      starting,
      `${service.name} exited with ${exit ?? '?'}${why ? ` (${why})` : ''} before it was ready`,
    )
  }
  if (state !== 'running') return { holds: false, says: `it is ${state}` }
  return (await host.ready(service.name, signal)) ?? { holds: true, says: '' }
}

async function notUp({ known }: Starting, message: string, details: FailureDetails = {}): Promise<TargetError> {
  const logs = [{ service: known.name, lines: await lastLines(known.machine, known.unit) }]
  return new TargetError(message, { details: { ...details, logs } })
}
