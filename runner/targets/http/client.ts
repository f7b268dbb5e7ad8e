/** Connections of a transport, kept alive from request to request and closed with it. */
import type { Duplex } from 'node:stream'
import type { Address, Transport } from '../../contracts/transport.ts'
import { openSocket } from '../reach/open.ts'
import { demandUsable, secured, type Tls } from '../reach/secure.ts'
import { Trace } from '../reach/trace.ts'
import { FirstBytes } from './first-bytes.ts'
import { watchReset } from './reset.ts'

type Client = InstanceType<typeof import('undici/index.js').Client>
export type Answer = Awaited<ReturnType<Client['request']>>

/** In ms; a server may ask for less. */
const KEPT_FOR = 10_000
/** As much as curl takes: cookies and policies of real servers go beyond the 16 KiB of undici. */
const LONGEST_HEAD = 300 * 1024

/** The destination of a request, and its options. */
export interface Way {
  readonly transport: Pick<Transport, 'connect'>
  readonly to: Address
  readonly tls?: Tls | undefined
  /** Also requests that must not be repeated use a connection that was kept: the server is known to keep it. */
  readonly reuse?: boolean | undefined
}

export interface Ask {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Buffer | null
}

interface Connection {
  readonly client: Client
  readonly socket: Duplex
  readonly start: FirstBytes
}

interface Kept {
  readonly all: Set<Connection>
  readonly idle: Map<string, Connection[]>
}

const kept = new WeakMap<Way['transport'], Kept>()

/**
 * Sends one request and resolves with the head of its answer. A server may close a connection that was kept just when it
 * is used again: an idempotent request is then repeated once on a new one (RFC 9110, 9.2.2), and all others get a
 * new one from the start. Throws the error of the connection, and the signal's reason.
 */
export async function exchange(way: Way, ask: Ask, signal: AbortSignal, trace = new Trace()): Promise<Answer> {
  const repeatable = IDEMPOTENT.has(ask.method)
  const connection = repeatable || way.reuse === true ? idleOf(way) : undefined
  if (connection)
    try {
      return await send(connection, way, ask, signal, trace)
    } catch (error) {
      if (signal.aborted || !repeatable || connection.start.count > 0 || !connection.socket.destroyed) throw error
    }
  return send(await connectionOf(way, signal, trace), way, ask, signal, trace)
}

/** RFC 9110, 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Cuts open exchanges: closing a transport does not wait for answers. */
export async function closeClient(transport: Way['transport']): Promise<void> {
  const { all } = kept.get(transport) ?? { all: [] }
  kept.delete(transport)
  await Promise.all([...all].map(({ client }) => client.destroy()))
}

async function send(connection: Connection, way: Way, ask: Ask, signal: AbortSignal, trace: Trace): Promise<Answer> {
  const { client, start } = connection
  start.begin()
  trace.enter('asking', () => start.count > 0)
  // A quiet stream is not a fault: the request's own time limit is the only one.
  const limits = { headersTimeout: 0, bodyTimeout: 0, signal }
  const answer = await client.request({ ...ask, ...limits, method: ask.method as 'GET' })
  trace.enter('answering', () => true)
  watchReset(connection.socket, answer)
  answer.body.once('close', () => release(connection, way))
  return answer
}

async function connectionOf(way: Way, signal: AbortSignal, trace: Trace): Promise<Connection> {
  const { transport, to, tls } = way
  if (tls) demandUsable(tls)
  const plain = await openSocket(transport, to, signal, trace)
  const socket = tls ? await secured(plain, tls, signal, trace) : plain
  const start = new FirstBytes(socket)
  const { Client } = await import('undici/index.js')
  const client = new Client('http://host', {
    // undici loses a connection that it is given before its own call returns.
    connect: (_options, done) => queueMicrotask(() => done(null, socket as never)),
    keepAliveTimeout: KEPT_FOR,
    maxHeaderSize: LONGEST_HEAD,
  })
  const connection = { client, socket, start }
  const { all } = keptOf(transport)
  all.add(connection)
  socket.once('close', () => drop(connection, way))
  // An error that nobody listens to would end the runner; undici sees it as well.
  socket.on('error', () => undefined)
  return connection
}

function keptOf(transport: Way['transport']): Kept {
  const known = kept.get(transport) ?? { all: new Set(), idle: new Map() }
  kept.set(transport, known)
  return known
}

function idleOf(way: Way): Connection | undefined {
  const list = keptOf(way.transport).idle.get(keyOf(way)) ?? []
  for (;;) {
    const last = list.pop()
    if (last === undefined || !last.socket.destroyed) return last
  }
}

function release(connection: Connection, way: Way): void {
  if (connection.socket.destroyed) return
  const { all, idle } = keptOf(way.transport)
  if (!all.has(connection)) return
  const key = keyOf(way)
  idle.set(key, [...(idle.get(key) ?? []), connection])
}

function drop(connection: Connection, way: Way): void {
  const { all, idle } = keptOf(way.transport)
  all.delete(connection)
  const list = idle.get(keyOf(way))
  const index = list?.indexOf(connection) ?? -1
  if (index !== -1) list?.splice(index, 1)
  connection.client.destroy().catch(() => undefined)
}

function keyOf({ to, tls }: Way): string {
  return JSON.stringify([to, tls])
}
