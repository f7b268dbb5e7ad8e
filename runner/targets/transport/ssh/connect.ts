/** Connections from the host to where it can reach, through ours. */
import { Duplex } from 'node:stream'
import type { Channel } from 'ssh2'
import { TargetError } from '../../../contracts/errors.ts'
import type { Address, Reached, Transport } from '../../../contracts/transport.ts'
import type { Link } from './link.ts'
import { relayed } from './relay.ts'

const PROHIBITED = 1

/** Throws an error with a `code` such as ECONNREFUSED; a TargetError where the host can't make the connection. */
export async function connectThrough(
  link: Link,
  exec: Transport['exec'],
  to: Address,
  signal: AbortSignal,
  reached?: Reached,
): Promise<Duplex> {
  signal.throwIfAborted()
  const { become, user } = link.settings
  // sshd connects as who logged in; a socket may be for root alone.
  if ('path' in to && become && user !== 'root') return byRelay(link, to)
  try {
    return await forwarded(link, exec, to, signal, reached)
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error
    return byRelay(link, to)
  }
}

async function forwarded(
  link: Link,
  exec: Transport['exec'],
  to: Address,
  signal: AbortSignal,
  reached: Reached | undefined,
): Promise<Duplex> {
  const client = await link.client()
  // The server does not say when it has found the name.
  reached?.('resolving')
  return await new Promise<Duplex>((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    const done = (error: (Error & { reason?: number | string }) | undefined, channel: Channel) => {
      signal.removeEventListener('abort', giveUp)
      if (error) return void whyNot(link, exec, to, error).then(reject, reject)
      const socket = closable(channel)
      if (signal.aborted) socket.destroy()
      resolve(socket)
    }
    try {
      if ('path' in to) client.openssh_forwardOutStreamLocal(to.path, done)
      else client.forwardOut('127.0.0.1', 0, to.host, to.port, done)
    } catch (error) {
      signal.removeEventListener('abort', giveUp)
      reject(new TargetError('the connection was cut', { transient: true, cause: error }))
    }
  })
}

/** The server's settings do not allow it. */
class Forbidden extends Error {}

async function byRelay(link: Link, to: Address): Promise<Duplex> {
  const { address } = link.settings
  const where = whereOf(to)
  const made = await relayed(link, to)
  if (made === undefined) throw new TargetError('the connection was cut', { transient: true })
  if (typeof made !== 'string') return closable(made)
  if (made !== 'NONE') throw notConnected(made, where, address)
  throw new TargetError(
    'path' in to
      ? `${where} can't be reached on ${address}: that needs perl, socat or docker there, or a user who may use it without \`become\``
      : `${address} forbids connections through SSH to ${where}: allow AllowTcpForwarding (and no PermitOpen against it) in its sshd_config, or install perl or socat there`,
  )
}

/** ssh2 tells of a close only once all was read, which nobody does after a `destroy`: undici waited for that forever. */
function closable(channel: Duplex): Duplex {
  const close = channel.destroy.bind(channel)
  channel.destroy = () => {
    if (channel.destroyed) return channel
    close()
    Duplex.prototype.destroy.call(channel)
    process.nextTick(() => channel.emit('close'))
    return channel
  }
  return channel
}

const CODES: readonly (readonly [RegExp, string])[] = [
  [/refused/i, 'ECONNREFUSED'],
  [/timed out/i, 'ETIMEDOUT'],
  [/no route/i, 'EHOSTUNREACH'],
  [/unreachable/i, 'ENETUNREACH'],
  [/unknown host|not known|resolution|no address associated/i, 'ENOTFOUND'],
]

async function whyNot(
  { settings }: Link,
  exec: Transport['exec'],
  to: Address,
  error: Error & { reason?: number | string },
): Promise<Error> {
  if (error.reason === PROHIBITED || /prohibited/i.test(error.message)) return new Forbidden()
  // For a socket the server does not tell "nobody listens" from "not allowed".
  const code = 'path' in to ? await whySocket(exec, to.path) : codeOf(error.message)
  // Unknown words are not evidence of a refusal: a program of the host shows more.
  if (code === undefined || ('path' in to && code === 'ECONNREFUSED')) return new Forbidden()
  return notConnected(code, whereOf(to), settings.address)
}

function notConnected(code: string, where: string, from: string): Error {
  return Object.assign(new Error(`connect ${code} ${where} (from ${from})`), { code })
}

function whereOf(to: Address): string {
  return 'path' in to ? to.path : `${to.host}:${to.port}`
}

function codeOf(message: string): string | undefined {
  return CODES.find(([words]) => words.test(message))?.[1]
}

/** The server only says that it did not come to it. */
async function whySocket(exec: Transport['exec'], path: string): Promise<string> {
  const script = '[ -e "$SD_1" ] || exit 2; [ -w "$SD_1" ] || exit 3'
  const { code } = await exec({ sh: script, set: { SD_1: path } }, {}, new AbortController().signal)
  return code === 2 ? 'ENOENT' : code === 3 ? 'EACCES' : 'ECONNREFUSED'
}
