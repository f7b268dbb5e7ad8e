/** A line between a test and its server, for what happens when nothing goes through it. */
import { createConnection, createServer, type Socket } from 'node:net'

export interface Line extends AsyncDisposable {
  readonly port: number
  /** Nothing goes through any more, and nobody is told. */
  silence(): void
}

/** A line to a server that can go silent; new connections are served all the same. */
export async function lineTo(port: number): Promise<Line> {
  const pairs: (readonly [Socket, Socket])[] = []
  const server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port })
    pairs.push([near, far])
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as { port: number }).port,
    silence: () => {
      for (const socket of pairs.flat()) socket.unpipe().pause()
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of pairs.flat()) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
