/** Bodies without a length that a reset ends: undici takes such an end for the end of a whole body. */
import type { Duplex, Readable } from 'node:stream'

interface Arriving {
  readonly body: Readable
  readonly headers: Readonly<Record<string, unknown>>
}

const resets = new WeakMap<Readable, Error>()

/** Remembers a reset of the connection while this body comes. */
export function watchReset(socket: Duplex, { body, headers }: Arriving): void {
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return
  const reset = (error: NodeJS.ErrnoException) => {
    // undici closes every such connection with an error of its own.
    if (!error.code?.startsWith('UND_ERR_')) resets.set(body, error)
  }
  // Before the listener of undici, which ends the body.
  socket.prependListener('error', reset)
  body.once('close', () => socket.off('error', reset))
}

/** The chunks of a body. Throws the error of a reset behind the last one. */
export async function* unlessReset(body: Readable): AsyncGenerator<Uint8Array> {
  yield* body
  const error = resets.get(body)
  if (error) throw error
}
