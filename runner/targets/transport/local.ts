/** This machine as a target: commands in process groups of their own, sockets, files. */
import { lookup } from 'node:dns'
import { createConnection, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address, Reached, Transport } from '../../contracts/transport.ts'
import { closeClient } from '../http/client.ts'
import { execLocally, watchCommands } from './local-exec.ts'
import { localFiles } from './local-files.ts'
import { spawnLocally } from './local-spawn.ts'

export function localTransport(): Transport {
  const transport: Transport = {
    address: 'local',
    exec: execLocally,
    spawn: spawnLocally,
    watchCommands,
    connect,
    files: localFiles,
    [Symbol.asyncDispose]: () => closeClient(transport),
  }
  return transport
}

async function connect(to: Address, signal: AbortSignal, reached?: Reached): Promise<Duplex> {
  signal.throwIfAborted()
  reached?.('resolving')
  return await new Promise((resolve, reject) => {
    const socket = createConnection('path' in to ? { path: to.path } : { ...to, lookup: lookUp(reached) })
    const giveUp = () => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('error', (error) => {
      signal.removeEventListener('abort', giveUp)
      reject(error)
    })
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

/** Every failure here means that the name is not resolved: a name server that refuses is not a service that does. */
function lookUp(reached: Reached | undefined): LookupFunction {
  return (host, options, done) =>
    lookup(host, options, (error, ...found) => {
      if (error) return done(Object.assign(new Error(error.message), { code: 'ENOTFOUND' }), '')
      reached?.('connecting')
      ;(done as (error: null, ...found: unknown[]) => void)(null, ...found)
    })
}
