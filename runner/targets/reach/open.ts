/** Connections that end at once with their signal, whatever the transport does. */
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { orAborted } from '../../base/abort.ts'
import { NoAnswer } from '../../contracts/no-answer.ts'
import type { Address, Reached, Transport } from '../../contracts/transport.ts'
import type { Trace } from './trace.ts'

export async function openSocket(
  transport: Pick<Transport, 'connect'>,
  to: Address,
  signal: AbortSignal,
  trace: Trace,
): Promise<Duplex> {
  signal.throwIfAborted()
  // Bun calls port 0 refused, and throws a RangeError beyond the last one.
  if (!('path' in to) && !(to.port >= 1 && to.port <= 65_535))
    throw new NoAnswer(`${to.port} is not a port: ports are 1 to 65535`, {})
  // Late words of a connection that was given up say nothing of the next one.
  const reached: Reached = (stage) => {
    if (!signal.aborted) trace.enter(isName(to) ? stage : 'connecting')
  }
  return await orAborted(signal, transport.connect(to, signal, reached), (socket) => socket.destroy())
}

function isName(to: Address): boolean {
  return !('path' in to) && isIP(to.host) === 0
}
