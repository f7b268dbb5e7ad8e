/** Addresses of a plan: `HOST:PORT`, where the host may be a service and then the port may be left out. */
import type { Duplex } from 'node:stream'
import { after } from '../base/timer.ts'
import { isError, TargetError } from '../contracts/errors.ts'
import { isNoAnswer } from '../contracts/no-answer.ts'
import { noAnswer, tooLate, type Whom, whomAt } from './reach/no-answer.ts'
import { openSocket } from './reach/open.ts'
import type { Origin } from './reach/origin.ts'
import { Trace } from './reach/trace.ts'

/** Connects within `timeout` ms. Throws a NoAnswer that says why there is no connection and what that shows. */
export async function tryConnect(origin: Origin, to: string, timeout: number, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  const { host, port } = hostAndPort(to)
  const trace = new Trace()
  const since = origin.mark()
  let whom: Whom = whomAt(host, { host, port: port ?? 0 })
  const limit = new AbortController()
  using _timer = after(timeout, () => limit.abort(tooLate(timeout, whom, trace)))
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const address = (await origin.locate(host, port, limit.signal)) ?? (port === undefined ? undefined : { host, port })
    if (address === undefined) throw new TargetError(`"${to}" has no port: write HOST:PORT`)
    whom = whomAt(host, address)
    return await openSocket(origin.transport, address, limit.signal, trace)
  } catch (thrown) {
    const error = limit.signal.aborted ? limit.signal.reason : thrown
    if (signal.aborted || isError(error, 'target')) throw error
    throw await origin.judge(isNoAnswer(error) ? error : noAnswer(error, whom, trace), whom, signal, since)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** `node`, `node:80`, `127.0.0.1:80`, `[::1]:80`. */
export function hostAndPort(to: string): { host: string; port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(to) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw new TargetError(`"${to}" is not an address: write HOST:PORT`)
  return { host: host === '' ? '127.0.0.1' : host, port: port === undefined ? undefined : Number(port) }
}
