/** TLS on a connection that is open. */
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext } from 'node:tls'
import { orAborted } from '../../base/abort.ts'
import type { Trace } from './trace.ts'

/** The requirements for the peer, and the certificate shown to it. */
export interface Tls {
  /** The host that its certificate has to name. */
  readonly name: string
  /** PEM text of an authority to trust instead of the usual ones. */
  readonly ca?: string | undefined
  /** PEM text of the certificate shown to the peer, and of its key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** PEM text that is not usable, or that does not fit together: nothing was sent. */
export class BadCertificate extends Error {}

/** Throws the error of the handshake, and closes the connection then. */
export async function secured(socket: Duplex, tls: Tls, signal: AbortSignal, trace: Trace): Promise<Duplex> {
  trace.enter('securing', countedBy(socket))
  try {
    return await orAborted(signal, handshake(socket, tls), (late) => late.destroy())
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Whether the peer has said anything. Connections through SSH and containers do not count their bytes by themselves. */
function countedBy(socket: Duplex & { bytesRead?: number }): () => boolean {
  if (socket.bytesRead !== undefined) return () => (socket.bytesRead ?? 0) > 0
  let heard = false
  const push = socket.push.bind(socket)
  socket.push = (chunk, encoding) => {
    heard = true
    return push(chunk, encoding)
  }
  return () => heard
}

function handshake(socket: Duplex, { name, ...more }: Tls): Promise<Duplex> {
  const own = ownOf(more)
  return new Promise((resolve, reject) => {
    const secure = connect({
      socket,
      ...own,
      host: name,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(name) === 0 ? { servername: name } : {}),
    })
    const closed = () => reject(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }))
    secure.once('secureConnect', () => {
      secure.off('close', closed)
      socket.off('error', reject)
      resolve(secure)
    })
    secure.on('error', reject)
    secure.once('close', closed)
    socket.once('error', reject)
  })
}

type Own = Pick<Tls, 'ca' | 'cert' | 'key'>

function ownOf({ ca, cert, key }: Own): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined))
}

/**
 * Throws a BadCertificate. Asked before anybody is connected to: Bun tells of a bad one on the connection, in words that name
 * none of the three.
 */
export function demandUsable(tls: Own): void {
  const own = ownOf(tls)
  for (const [part, pem] of Object.entries(own))
    if (!pem.includes('-----BEGIN '))
      throw new BadCertificate(`\`${part}\` is not PEM text: it has no "-----BEGIN …" line`)
  if ((own.cert === undefined) !== (own.key === undefined))
    throw new BadCertificate(
      `\`${own.cert === undefined ? 'key' : 'cert'}\` is given without \`${own.cert === undefined ? 'cert' : 'key'}\``,
    )
  try {
    createSecureContext(own)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BadCertificate(`\`${Object.keys(own).join('`, `')}\` can't be used: ${why}`)
  }
}
