/** Connections of a transport, kept alive from request to request and closed with it. */
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Address, Transport } from '../../contracts/transport.ts'

type Undici = typeof import('undici/index.js')
export type Client = InstanceType<Undici['Pool']>
type Connector = ReturnType<Undici['buildConnector']>

const clients = new WeakMap<Transport, Map<string, Client>>()

/** The client of an origin; `to` is where its host is when that is a service, `ca` PEM text of an authority to trust. */
export async function clientOf(
  transport: Transport,
  url: URL,
  to: Address | undefined,
  ca: string | undefined,
): Promise<Client> {
  const known = clients.get(transport) ?? new Map<string, Client>()
  clients.set(transport, known)
  const origin = originOf(url, to)
  const key = `${origin} ${to && 'path' in to ? to.path : ''} ${ca ?? ''}`
  const client = known.get(key)
  if (client) return client
  const { Pool } = await import('undici/index.js')
  const made = new Pool(origin, { connect: connectorOf(transport, to, ca), keepAliveTimeout: 10_000 })
  known.set(key, made)
  return made
}

/** Cuts what is still open: whoever closes a transport waits for no answer any more. */
export async function closeClient(transport: Transport): Promise<void> {
  const known = clients.get(transport)
  clients.delete(transport)
  await Promise.all([...(known?.values() ?? [])].map((client) => client.destroy()))
}

function originOf(url: URL, to: Address | undefined): string {
  if (!to || 'path' in to) return url.origin
  return `${url.protocol}//${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
}

/** On this machine undici connects by itself, which is faster; elsewhere the transport does. */
function connectorOf(transport: Transport, to: Address | undefined, ca: string | undefined) {
  const trust = ca === undefined ? {} : { ca }
  if (transport.address === 'local') return { ...trust, ...(to && 'path' in to ? { socketPath: to.path } : {}) }
  const connect: Connector = ({ hostname, port, protocol, servername }, done) => {
    const address = to ?? {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
    }
    transport
      .connect(address, new AbortController().signal)
      .then((socket) => (protocol === 'https:' ? secured(socket, servername, trust) : socket))
      .then(
        (socket) => done(null, socket as never),
        (error) => done(error, null),
      )
  }
  return connect
}

function secured(socket: Duplex, servername: string | undefined, trust: { ca?: string }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({ socket, ...trust, ...(servername ? { servername } : {}) }, () => resolve(secure))
    secure.once('error', reject)
  })
}
