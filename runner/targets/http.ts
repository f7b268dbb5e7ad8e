/** HTTP/1.1 from this machine. Over another transport the pool's `connect` becomes the transport's. */
import { TargetError } from '../contracts/errors.ts'
import type { Address, HttpRequest, HttpResponse } from '../contracts/target.ts'
import { formatDuration } from '../contracts/units.ts'

const KEEP = 16 * 1024 * 1024

type Undici = typeof import('undici/index.js')
type Pool = InstanceType<Undici['Pool']>

/** Requests of one case: one pool of connections for each origin. */
export class HttpClient implements AsyncDisposable {
  readonly #pools = new Map<string, Pool>()

  /** Sends a request to an address. Throws an error whose message tells why there was no answer. */
  async send(request: HttpRequest, to: Address | undefined, signal: AbortSignal): Promise<HttpResponse> {
    const start = performance.now()
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), request.timeout)
    const abort = () => limit.abort()
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await this.#follow(request, to, limit.signal, start)
    } catch (error) {
      throw new Error(whyNot(error, request, limit.signal.aborted, signal.aborted), { cause: error })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  async #follow(
    request: HttpRequest,
    to: Address | undefined,
    signal: AbortSignal,
    start: number,
  ): Promise<HttpResponse> {
    let url = new URL(request.url)
    let address = to
    for (let left = request.redirects ?? 0; ; left--) {
      const response = await this.#once(request, url, address, signal, start)
      const { location } = response.headers
      if (left <= 0 || location === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return response
      const next = new URL(location, url)
      if (next.host !== url.host) address = undefined
      url = next
    }
  }

  async #once(
    request: HttpRequest,
    url: URL,
    to: Address | undefined,
    signal: AbortSignal,
    start: number,
  ): Promise<HttpResponse> {
    const pool = await this.#pool(url, to, request.ca)
    const { statusCode, headers, body } = await pool.request({
      method: request.method as 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, 'user-agent': 'shakedown', ...request.headers },
      body:
        request.body === undefined ? null : typeof request.body === 'string' ? request.body : Buffer.from(request.body),
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    })
    const flat = flatten(headers)
    const isStream = flat['content-type']?.startsWith('text/event-stream') === true
    const { bytes, truncated } = await bodyOf(body, request.keep ?? KEEP, isStream)
    const events = isStream ? await eventsOf(bytes) : undefined
    return {
      status: statusCode,
      headers: flat,
      body: bytes,
      truncated,
      duration: performance.now() - start,
      ...(events ? { events } : {}),
    }
  }

  async #pool(url: URL, to: Address | undefined, ca: string | undefined): Promise<Pool> {
    const key = `${url.origin} ${JSON.stringify(to)} ${ca ?? ''}`
    const known = this.#pools.get(key)
    if (known) return known
    const { Pool } = await import('undici/index.js')
    const origin =
      to && 'port' in to
        ? `${url.protocol}//${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
        : url.origin
    const connect = { ...(ca === undefined ? {} : { ca }), ...(to && 'path' in to ? { socketPath: to.path } : {}) }
    const pool = new Pool(origin, { connect, pipelining: 1, keepAliveTimeout: 10_000 })
    this.#pools.set(key, pool)
    return pool
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()))
    this.#pools.clear()
  }
}

/** The body up to a limit. A stream that is cut by the time limit still gives what came until then. */
async function bodyOf(body: AsyncIterable<Uint8Array> & { destroy?(): void }, keep: number, isStream: boolean) {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      const rest = keep - size
      chunks.push(chunk.length > rest ? chunk.subarray(0, rest) : chunk)
      size += chunk.length
      if (size > keep) break
    }
  } catch (error) {
    if (!isStream || chunks.length === 0) throw error
  }
  return { bytes: Buffer.concat(chunks), truncated: size > keep }
}

async function eventsOf(bytes: Uint8Array): Promise<string[]> {
  const { createParser } = await import('eventsource-parser')
  const events: string[] = []
  const parser = createParser({ onEvent: ({ data }) => void events.push(data) })
  parser.feed(Buffer.from(bytes).toString('utf8'))
  return events
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

function whyNot(error: unknown, request: HttpRequest, late: boolean, stopped: boolean): string {
  const { code, message } = error as NodeJS.ErrnoException
  const { host } = new URL(request.url)
  if (stopped) return 'given up'
  if (late) return `no answer from ${host} within ${formatDuration(request.timeout)}`
  if (code === 'ECONNREFUSED') return `refused by ${host}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `there is no host "${new URL(request.url).hostname}", nor a service of that name`
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return `${host} cut the connection`
  return error instanceof TargetError ? error.message : `${host}: ${message}`
}
