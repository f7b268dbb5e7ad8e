import { createServer, type Server } from 'node:net'

/** Below the range that the kernel takes the ports of outgoing connections from: there, a client that polls a service while it is stopped could be given its very port. */
export const FIRST_PORT = 20_000
export const LAST_PORT = 32_000

/** A free port that nobody else is given until it is released. */
export interface HeldPort {
  readonly port: number
  /** Makes room for the service; what keeps other runs from choosing the port stays. */
  vacate(): Promise<void>
  release(): Promise<void>
}

export async function holdPort(): Promise<HeldPort> {
  for (let tried = 0; tried < 1_000; tried++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    const held = await tryToHold(port)
    if (held) return held
  }
  throw new Error(`there is no free port between ${FIRST_PORT} and ${LAST_PORT}`)
}

async function tryToHold(port: number): Promise<HeldPort | undefined> {
  const claim = await claimOf(port)
  if (claim === undefined) return undefined
  const server = await listening({ host: '127.0.0.1', port, exclusive: true })
  if (!server) {
    await closed(claim)
    return undefined
  }
  return {
    port,
    vacate: () => closed(server),
    release: async () => {
      await closed(server)
      await closed(claim)
    },
  }
}

/**
 * While a service is stopped its port is free, and another run could choose it: so each holds a name beside the port, in
 * Linux' abstract namespace, which ends with the process. Elsewhere chance has to do. Undefined: another run has it.
 */
async function claimOf(port: number): Promise<Server | 'chance' | undefined> {
  return process.platform === 'linux' ? listening({ path: `\0shakedown-port-${port}` }) : 'chance'
}

function listening(options: { host: string; port: number; exclusive: boolean } | { path: string }) {
  return new Promise<Server | undefined>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(options, () => resolve(server.unref()))
  })
}

async function closed(server: Server | 'chance'): Promise<void> {
  if (server === 'chance' || !server.listening) return
  await new Promise((done) => server.close(done))
}
