import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Address, Transport } from '../../../contracts/transport.ts'

export function describeConnections(open: () => Transport): void {
  describe('connections', () => {
    let folder = ''
    let path = ''
    const servers: Server[] = []
    let port = 0
    beforeAll(async () => {
      folder = mkdtempSync('/tmp/sd-connect-')
      path = join(folder, 'socket')
      for (const at of [path, 0]) {
        const server = createServer((socket) => socket.pipe(socket))
        await new Promise<void>((done) => (at === 0 ? server.listen(0, '127.0.0.1', done) : server.listen(at, done)))
        servers.push(server)
      }
      // The target may be reached as another user.
      chmodSync(folder, 0o755)
      chmodSync(path, 0o777)
      port = (servers.at(-1)?.address() as AddressInfo | undefined)?.port ?? 0
    })
    afterAll(() => {
      for (const server of servers) server.close()
      rmSync(folder, { recursive: true })
    })
    const echo = async (to: Address) => {
      const socket = await open().connect(to, new AbortController().signal)
      const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
      socket.write('ping')
      const text = await answer
      socket.destroy()
      return text
    }
    test('reach a TCP port and a unix socket', async () => {
      expect(await echo({ host: '127.0.0.1', port })).toBe('ping')
      expect(await echo({ path })).toBe('ping')
    })
    test('tell of their end when they are cut before all was read', async () => {
      const socket = await open().connect({ path }, new AbortController().signal)
      const arrived = new Promise((resolve) => socket.once('readable', resolve))
      socket.write('ping')
      await arrived
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.destroy()
      await closed
      expect(socket.destroyed).toBe(true)
    })
    test('that are refused tell so by their code', async () => {
      const closed = createServer()
      await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done))
      const gone = (closed.address() as AddressInfo).port
      await new Promise((done) => closed.close(done))
      const error = await open()
        .connect({ host: '127.0.0.1', port: gone }, new AbortController().signal)
        .catch((thrown) => thrown)
      expect(error.code).toBe('ECONNREFUSED')
      expect(
        (
          await open()
            .connect({ path: join(folder, 'none') }, new AbortController().signal)
            .catch((e) => e)
        ).code,
      ).toBe('ENOENT')
    })
    test('are given up at an abort', async () => {
      const reason = new Error('the step is over')
      const given = open().connect({ host: '127.0.0.1', port }, AbortSignal.abort(reason))
      expect(await given.catch((error) => error)).toBe(reason)
    })
  })
}
