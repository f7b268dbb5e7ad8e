/** Whether the way to where connections start still works. */
import { orAborted } from '../../base/abort.ts'
import { after } from '../../base/timer.ts'
import { TargetError } from '../../contracts/errors.ts'
import { NoAnswer } from '../../contracts/no-answer.ts'
import type { Service } from '../../contracts/target.ts'
import type { Transport } from '../../contracts/transport.ts'
import type { OriginParts } from './origin.ts'

/** In ms. */
const LOOK_WITHIN = 5_000

/** Exit codes: 2, the name does not resolve; 3, nothing there can tell. */
const RESOLVES = `command -v getent >/dev/null 2>&1 || exit 3
getent ahosts "$SD_1" >/dev/null 2>&1 || exit 2`

/** A host: it still runs a command. Its server does not say whether it was looking a name up or connecting. */
export function confirmHost({
  address,
  exec,
}: Pick<Transport, 'address' | 'exec'>): NonNullable<OriginParts['confirm']> {
  return async (failed, { host, where }, signal) => {
    const look = exec({ sh: RESOLVES, set: { SD_1: host } }, { timeout: LOOK_WITHIN, cwd: '/' }, signal)
    const { code, timedOut } = await inTime(look, `${address} does not answer any more`, signal)
    if (timedOut) throw new TargetError(`${address} does not answer any more`, { transient: true })
    if (failed.shows.reachable === false || failed.shows.resolves !== false) return failed
    if (code === 2) return failed
    return code === 0
      ? new NoAnswer(`no answer from ${where} in time`, { reachable: false, resolves: true }, failed)
      : new NoAnswer(
          `no answer from ${where} in time, and nothing on ${address} tells whether the name resolves`,
          {},
          failed,
        )
  }
}

/** A service that connections start in: it still runs. */
export function confirmService(service: Service): NonNullable<OriginParts['confirm']> {
  return async (failed, _whom, signal) => {
    const { state } = await inTime(service.state(), `${service.name} can't be looked at`, signal)
    if (state === 'running') return failed
    throw new TargetError(`${service.name} is ${state}`, { transient: true })
  }
}

async function inTime<T>(work: Promise<T>, late: string, signal: AbortSignal): Promise<T> {
  const limit = new AbortController()
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  using _timer = after(LOOK_WITHIN, () => limit.abort(new TargetError(late, { transient: true })))
  try {
    return await orAborted(limit.signal, work)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
