/** Addresses of a plan: `HOST:PORT`, where the host may be a service and then the port may be left out. */

import type { Duplex } from 'node:stream'
import { after } from '../base/timer.ts'
import { TargetError } from '../contracts/errors.ts'
import type { Address, Transport } from '../contracts/transport.ts'
import { formatDuration } from '../contracts/units.ts'

/** Connects within `timeout` ms. Throws an error with a `code`; ETIMEDOUT when nobody answers. */
export async function tryConnect(
  transport: Transport,
  to: string,
  locate: (host: string, port: number | undefined) => Promise<Address | undefined>,
  timeout: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const { host, port } = hostAndPort(to)
  const address = (await locate(host, port)) ?? (port === undefined ? undefined : { host, port })
  if (address === undefined) throw new TargetError(`"${to}" has no port: write HOST:PORT`)
  const limit = new AbortController()
  const late = Object.assign(new Error(`no answer within ${formatDuration(timeout)}`), { code: 'ETIMEDOUT' })
  const timer = after(timeout, () => limit.abort(late))
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    return await transport.connect(address, limit.signal)
  } finally {
    timer.stop()
    signal.removeEventListener('abort', stop)
  }
}

/** `node`, `node:80`, `127.0.0.1:80`, `[::1]:80`. */
export function hostAndPort(to: string): { host: string; port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(to) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw new TargetError(`"${to}" is no address: write HOST:PORT`)
  return { host: host === '' ? '127.0.0.1' : host, port: port === undefined ? undefined : Number(port) }
}
