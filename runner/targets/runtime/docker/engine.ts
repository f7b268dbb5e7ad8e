/** The Docker Engine API over a target's transport (https://docs.docker.com/engine/api/). */

import type { Duplex, Readable } from 'node:stream'
import { orAborted } from '../../../base/abort.ts'
import { after } from '../../../base/timer.ts'
import { TargetError } from '../../../contracts/errors.ts'
import type { Address, Transport } from '../../../contracts/transport.ts'
import { exchange, type Answer as HttpAnswer } from '../../http/client.ts'
import { EngineError } from './engine-error.ts'
import { openHijacked } from './hijack.ts'

/** Oldest version we speak; Engine 20.10. */
const OLDEST = '1.41'
/** Newest one whose answers we know. */
const NEWEST = '1.47'
const PROMPTLY = 30_000

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Uint8Array
}

export interface Ask {
  readonly body?: object | Uint8Array | undefined
  /** ms; undefined is half a minute, 0 has no limit. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export class Engine {
  readonly address: Address
  /** Negotiated: `1.41`. */
  readonly version: string
  readonly #transport: Transport

  private constructor(transport: Transport, address: Address, version: string) {
    this.#transport = transport
    this.address = address
    this.version = version
  }

  /** Throws a TargetError that says what to do when there is no daemon, no permission or an old one. */
  static async open(transport: Transport, address: Address): Promise<Engine> {
    const probe = new Engine(transport, address, '')
    const told = await probe.json<{ ApiVersion?: string; MinAPIVersion?: string } | null>('GET', '/version', {
      timeout: 10_000,
    })
    if (typeof told?.ApiVersion !== 'string') throw probe.#noDaemon()
    return new Engine(transport, address, negotiated(told.ApiVersion, told.MinAPIVersion ?? OLDEST))
  }

  /** Which daemon of all: the machine, and where it listens there. */
  get place(): string {
    return JSON.stringify([this.#transport.address, this.address])
  }

  /** Throws an EngineError for a status from 400. */
  async json<T>(method: Method, path: string, ask: Ask = {}): Promise<T> {
    const { bytes } = await this.bytes(method, path, ask)
    try {
      return (bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString())) as T
    } catch {
      throw this.#noDaemon()
    }
  }

  async bytes(method: Method, path: string, ask: Ask = {}): Promise<Answer> {
    ask.signal?.throwIfAborted()
    const limit = new AbortController()
    const { timeout = PROMPTLY, signal } = ask
    const late = () =>
      limit.abort(new TargetError(`Docker did not answer within ${timeout / 1000} s`, { transient: true }))
    const timer = timeout === 0 ? undefined : after(timeout, late)
    const stop = () => limit.abort(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const answer = await this.#request(method, path, ask.body, limit.signal)
      const bytes = new Uint8Array(await answer.body.arrayBuffer())
      if (answer.statusCode >= 400) throw new EngineError(answer.statusCode, messageIn(bytes, answer.statusCode))
      return { status: answer.statusCode, headers: answer.headers, bytes }
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : this.#explained(error)
    } finally {
      timer?.stop()
      signal?.removeEventListener('abort', stop)
    }
  }

  /** An answer that goes on: events, logs that are followed. Ends with the signal. */
  async stream(path: string, signal: AbortSignal): Promise<Readable> {
    try {
      const answer = await this.#request('GET', path, undefined, signal)
      if (answer.statusCode < 400) return answer.body
      throw new EngineError(
        answer.statusCode,
        messageIn(new Uint8Array(await answer.body.arrayBuffer()), answer.statusCode),
      )
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explained(error)
    }
  }

  /** A connection that becomes a stream in both directions, for stdin. */
  async hijack(path: string, body: object, signal: AbortSignal): Promise<Duplex> {
    try {
      const socket = await orAborted(signal, this.#transport.connect(this.address, signal), (late) => late.destroy())
      return await orAborted(signal, openHijacked(socket, this.#path(path), body), (late) => late.destroy())
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explained(error)
    }
  }

  #request(
    method: Method,
    path: string,
    body: object | Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const raw = body instanceof Uint8Array
    const headers = {
      host: hostOf(this.address),
      ...(body === undefined ? {} : { 'content-type': raw ? 'application/x-tar' : 'application/json' }),
    }
    const content = body === undefined ? null : raw ? Buffer.from(body) : JSON.stringify(body)
    const way = { transport: this.#transport, to: this.address, reuse: true }
    return exchange(way, { method, path: this.#path(path), headers, body: content }, signal)
  }

  #path(path: string): string {
    return this.version === '' ? path : `/v${this.version}${path}`
  }

  get #where(): string {
    return 'path' in this.address ? this.address.path : `${this.address.host}:${this.address.port}`
  }

  #noDaemon(): TargetError {
    return new TargetError(`what answers at ${this.#where} is no Docker daemon`)
  }

  /** A daemon that is dead is no reading that may come yet. */
  #explained(error: unknown): unknown {
    if (error instanceof TargetError) return error
    const { code, message } = error as NodeJS.ErrnoException
    const words = wordsOf(code, this.#where) ?? `the Docker daemon at ${this.#where} can't be asked: ${message}`
    return new TargetError(words, { cause: error })
  }
}

function wordsOf(code: string | undefined, where: string): string | undefined {
  if (code === 'ENOENT') return `there is no Docker daemon at ${where}: install Docker, start it, or set DOCKER_HOST`
  if (code === 'ECONNREFUSED') return `no Docker daemon answers at ${where}: start it (systemctl start docker)`
  if (code === 'EACCES' || code === 'EPERM')
    return `no permission on ${where}: add yourself to the group "docker" and log in again, or use \`become: true\` on a host over SSH`
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET')
    return `the Docker daemon at ${where} went away in the middle of a request`
  return undefined
}

function hostOf(address: Address): string {
  return 'path' in address ? 'docker' : `${address.host}:${address.port}`
}

function messageIn(bytes: Uint8Array, status: number): string {
  const text = Buffer.from(bytes).toString().trim()
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text
  } catch {
    return text || `status ${status}`
  }
}

function negotiated(theirs: string, oldest: string): string {
  if (order(theirs) < order(OLDEST))
    throw new TargetError(
      `this Docker speaks API ${theirs}, and ${OLDEST} is needed: update it to Engine 20.10 or newer`,
    )
  if (order(oldest) > order(NEWEST)) return oldest
  return order(theirs) < order(NEWEST) ? theirs : NEWEST
}

function order(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major * 1_000 + minor
}
