/** One connection to a host, through another one where that is the way. */
import { createConnection, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import { isError, messageOf, TargetError } from '../../../contracts/errors.ts'
import { type Ways, waysIn } from './keys.ts'
import { checkHostKey, knownTypes } from './known-hosts.ts'
import type { SshSettings } from './settings.ts'

const READY_WITHIN = 10_000
/** A silent link shows to nobody but those who ask: sshd does not by default, and neither does ssh2. */
const KEEPALIVE = { keepaliveInterval: 2_000, keepaliveCountMax: 3 }
const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
]

/** Throws a TargetError that says why, and what to do. */
export async function connectTo(settings: SshSettings): Promise<Client> {
  const way = settings.jump && (await connectTo(settings.jump))
  try {
    const socket = way ? await through(way, settings) : await dial(settings)
    const client = await logIn(settings, socket)
    if (way) client.once('close', () => way.end())
    return client
  } catch (error) {
    way?.end()
    throw error
  }
}

function dial({ host, port }: SshSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    const giveUp = (why: string, transient: boolean) => {
      socket.destroy()
      reject(new TargetError(why, { transient }))
    }
    const timer = setTimeout(
      () => giveUp(`${host}:${port} did not answer within ${READY_WITHIN / 1_000} s`, true),
      READY_WITHIN,
    )
    socket.setNoDelay(true)
    socket.setMaxListeners(0)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      giveUp(whyUnreachable(error, host, port), error.code !== 'ENOTFOUND')
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function whyUnreachable(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return `there is no host ${host}: check the address under \`ssh:\`, or its HostName in ~/.ssh/config`
  if (error.code === 'ECONNREFUSED')
    return `${host} refuses connections on port ${port}: check the port, and that sshd runs there`
  return `${host}:${port} can't be reached: ${error.message}`
}

function through(way: Client, { host, port, jump }: SshSettings): Promise<Duplex> {
  return new Promise((resolve, reject) =>
    way.forwardOut('127.0.0.1', 0, host, port, (error, stream) =>
      error
        ? reject(new TargetError(`${host}:${port} can't be reached from ${jump?.address}: ${error.message}`))
        : resolve(stream),
    ),
  )
}

function logIn(settings: SshSettings, socket: Duplex): Promise<Client> {
  const client = new Client()
  const ways = waysIn(settings)
  let refused: unknown
  const config: ConnectConfig = {
    sock: socket,
    username: settings.user,
    readyTimeout: READY_WITHIN,
    ...KEEPALIVE,
    authHandler: [...ways.methods],
    algorithms: { serverHostKey: hostKeysOf(settings) },
    hostVerifier: (key: Buffer) => {
      try {
        checkHostKey(settings, key)
        return true
      } catch (error) {
        refused = error
        return false
      }
    },
  }
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { level?: string }) => {
      client.destroy()
      socket.destroy()
      reject(refused ?? whyNotIn(error, settings, ways))
    }
    client.once('error', fail)
    client.once('close', () => fail(new Error('it closed the connection')))
    client.once('ready', () => {
      client.removeAllListeners('error').removeAllListeners('close')
      // Whoever uses it sees its channels end; an error nobody listens to would end the runner.
      client.on('error', () => undefined)
      resolve(client)
    })
    try {
      client.connect(config)
    } catch (error) {
      fail(error as Error)
    }
  })
}

/** What is known of the host first: a server with several keys may else show one that is not. */
function hostKeysOf(settings: SshSettings): ServerHostKeyAlgorithm[] {
  const known = knownTypes(settings).flatMap((type) =>
    type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type],
  )
  return [...HOST_KEYS.filter((one) => known.includes(one)), ...HOST_KEYS.filter((one) => !known.includes(one))]
}

function whyNotIn(error: Error & { level?: string }, settings: SshSettings, { why }: Ways): unknown {
  if (isError(error, 'target')) return error
  const { address, user } = settings
  if (error.level === 'client-authentication')
    return new TargetError(
      `${address} does not let ${user} in: tried ${triedWords(settings)}${why.map((one) => `; ${one}`).join('')}. Try: ssh ${settings.port === 22 ? '' : `-p ${settings.port} `}${user}@${settings.host}`,
    )
  if (error.level === 'client-timeout')
    return new TargetError(`${address} did not answer within ${READY_WITHIN / 1_000} s`, { transient: true })
  return new TargetError(`${address}: ${messageOf(error)}`, { transient: error.level !== 'handshake', cause: error })
}

function triedWords({ agent, identities }: SshSettings): string {
  const tried = [...(agent === undefined ? [] : ['the keys of ssh-agent']), ...identities]
  return tried.length > 0 ? tried.join(', ') : 'nothing, since there is no key and no ssh-agent'
}
