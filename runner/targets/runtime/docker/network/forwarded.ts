import { Duplex } from 'node:stream'
import { TargetError } from '../../../../contracts/errors.ts'
import type { Reached } from '../../../../contracts/transport.ts'
import { Frames } from '../frames.ts'

/** Numbers of Linux, which every container has. Any other one shows nothing of whom was asked for. */
const codes: Readonly<Record<string, string>> = {
  0: 'ENOTFOUND',
  101: 'ENETUNREACH',
  104: 'ECONNRESET',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  112: 'EHOSTDOWN',
  113: 'EHOSTUNREACH',
}

/** A connection that a command inside a container has made, carried by the command's own stdin and stdout. */
export class Forwarded extends Duplex {
  readonly #carrier: Duplex

  private constructor(carrier: Duplex) {
    super()
    this.#carrier = carrier
  }

  /**
   * Resolves once it is connected; Throws an error with a `code` when it can't be, and a TargetError when the command inside ended without a word.
   */
  static open(carrier: Duplex, signal: AbortSignal, reached?: Reached): Promise<Forwarded> {
    const made = new Forwarded(carrier)
    return new Promise((resolve, reject) => {
      const give = () => {
        carrier.destroy()
        reject(signal.reason)
      }
      signal.addEventListener('abort', give, { once: true })
      const over = () => signal.removeEventListener('abort', give)
      let words = ''
      const frames = new Frames((stream, bytes) => {
        if (stream === 1) return made.#take(bytes)
        words += bytes.toString()
        if (words.startsWith('found\n')) {
          words = words.slice('found\n'.length)
          reached?.('connecting')
        }
        if (!words.includes('\n')) return
        over()
        if (words.startsWith('open')) return resolve(made)
        carrier.destroy()
        reject(refusal(words))
      })
      carrier.on('data', (chunk: Buffer) => frames.push(chunk))
      for (const event of ['end', 'close', 'error'])
        carrier.once(event, () => {
          over()
          made.push(null)
          const why = `the connection from inside was cut before it was made: ${words.trim() || 'its helper ended'}`
          reject(new TargetError(why, { transient: true }))
        })
      carrier.resume()
    })
  }

  #take(bytes: Buffer): void {
    if (!this.push(Buffer.from(bytes))) this.#carrier.pause()
  }

  override _read(): void {
    this.#carrier.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#carrier.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#carrier.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#carrier.destroy()
    done(error)
  }
}

/** Anything else that the command prints is trouble of its own, and not a reading. */
function refusal(words: string): Error {
  const [, number = '', why = ''] = /^no (\d+) (.*)/.exec(words) ?? []
  if (number === '') return new TargetError(`no connection can be made from inside: ${words.trim()}`)
  return Object.assign(new Error(why), { code: codes[number] })
}
