/** The first bytes of answers on a connection. */
import type { Duplex } from 'node:stream'

const END_OF_HEAD = '\r\n\r\n'
/** `HTTP/1.1 103`: as much as tells an interim answer. */
const TELLING = 12
const LONGEST_HEAD = 64 * 1024

/**
 * Counts the bytes of an answer, and passes over interim answers (1xx; RFC 9110, 15.2), of which undici takes `100
 * Continue` for a broken answer. 101 is not one of them: it ends HTTP on the connection.
 */
export class FirstBytes {
  /** The answer to the latest request, interim ones included. */
  count = 0
  #held: Buffer = Buffer.alloc(0)
  #final = false

  /** Sees the bytes that are read from the connection. */
  constructor(socket: Duplex) {
    const read = socket.read.bind(socket)
    socket.read = (size?: number) => {
      for (;;) {
        const chunk = read(size) as Buffer | null
        if (chunk === null) return null
        const rest = this.#pass(chunk)
        if (rest.length > 0) return rest
      }
    }
  }

  /** A request is about to be sent. */
  begin(): void {
    this.count = 0
    this.#held = Buffer.alloc(0)
    this.#final = false
  }

  #pass(chunk: Buffer): Buffer {
    this.count += chunk.length
    if (this.#final) return chunk
    this.#held = Buffer.concat([this.#held, chunk])
    while (mayBeInterim(this.#held)) {
      const end = this.#held.indexOf(END_OF_HEAD)
      if (end === -1) return Buffer.alloc(0)
      this.#held = this.#held.subarray(end + END_OF_HEAD.length)
    }
    this.#final = true
    return this.#held
  }
}

function mayBeInterim(bytes: Buffer): boolean {
  if (bytes.length === 0) return false
  if (bytes.length > LONGEST_HEAD && bytes.indexOf(END_OF_HEAD) === -1) return false
  const head = bytes.subarray(0, TELLING).toString('latin1')
  const whole = head.length === TELLING
  return whole
    ? /^HTTP\/1\.\d 1(?!01)\d\d$/.test(head)
    : 'HTTP/1.1 1'.startsWith(head.replace(/^(HTTP\/1\.)\d/, '$11').slice(0, 10))
}
