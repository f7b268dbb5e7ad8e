/** The Engine's own upgrade: after the head of the answer the connection carries raw bytes both ways. */
import type { Duplex } from 'node:stream'
import { EngineError } from './engine-error.ts'

const END_OF_HEAD = '\r\n\r\n'

/** undici's `upgrade` does not do it under Bun, so the head is written and read here. */
export async function openHijacked(socket: Duplex, path: string, body: object): Promise<Duplex> {
  const text = JSON.stringify(body)
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: ${Buffer.byteLength(text)}${END_OF_HEAD}${text}`,
  )
  const { head, rest } = await headOf(socket)
  const status = Number(/^HTTP\/1\.\d (\d+)/.exec(head)?.[1] ?? 500)
  if (status === 101 || status === 200) {
    if (rest.length > 0) socket.unshift(rest)
    return socket
  }
  const said = rest.toString().replace(/^[0-9a-f]+\r\n/, '')
  socket.destroy()
  const message = /"message":("(?:[^"\\]|\\.)*")/.exec(said)?.[1]
  throw new EngineError(status, message === undefined ? `status ${status}` : (JSON.parse(message) as string))
}

function headOf(socket: Duplex): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const over = () => {
      socket.off('data', take)
      socket.off('error', fail)
      socket.off('close', gone)
    }
    const fail = (error: Error) => {
      over()
      reject(error)
    }
    const gone = () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const take = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf(END_OF_HEAD)
      if (end === -1) return
      socket.pause()
      over()
      resolve({ head: seen.subarray(0, end).toString('latin1'), rest: seen.subarray(end + END_OF_HEAD.length) })
    }
    socket.on('data', take)
    socket.once('error', fail)
    socket.once('close', gone)
  })
}
