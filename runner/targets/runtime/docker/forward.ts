/** A socket on this machine that leads to the target's daemon, for commands that run here: Compose. */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Address, Transport } from '../../../contracts/transport.ts'

export interface Forward extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string
}

let count = 0

/** On this machine the daemon's own address will do. */
export async function forwardSocket(transport: Transport, address: Address, folder: string): Promise<Forward> {
  if (transport.address === 'local') {
    const host = 'path' in address ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`
    return { host, [Symbol.asyncDispose]: async () => undefined }
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `docker-${count++}.sock`)
  const over = new AbortController()
  const server = createServer({ allowHalfOpen: true }, (here) => {
    transport.connect(address, over.signal).then(
      (there) => {
        here.pipe(there)
        there.pipe(here)
        here.on('error', () => there.destroy())
        there.on('error', () => here.destroy())
      },
      () => here.destroy(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    host: `unix://${path}`,
    [Symbol.asyncDispose]: async () => {
      over.abort(new Error('over'))
      server.close()
    },
  }
}
