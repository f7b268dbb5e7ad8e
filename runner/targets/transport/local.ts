/** This machine as a target: commands in process groups of their own, sockets, files. */
import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address, Transport } from '../../contracts/transport.ts'
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

async function connect(to: Address, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  return await new Promise((resolve, reject) => {
    const socket = createConnection('path' in to ? { path: to.path } : { host: to.host, port: to.port })
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
      resolve(socket)
    })
  })
}
