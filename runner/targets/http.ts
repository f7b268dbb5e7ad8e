/** HTTP/1.1 as seen from a target. */
import { after } from '../base/timer.ts'
import { isError, TargetError } from '../contracts/errors.ts'
import type { HttpRequest, HttpResponse } from '../contracts/target.ts'
import type { Address, Transport } from '../contracts/transport.ts'
import { readBody, readEvents } from './http/body.ts'
import { clientOf } from './http/client.ts'
import { noAnswer, tooLate } from './http/no-answer.ts'

const KEEP = 16 * 1024 * 1024

/** Where the host of a URL is, when it is a service. */
export type Locate = (url: URL) => Promise<Address | undefined>

/** One exchange and what bounds it. */
interface Exchange {
  readonly transport: Transport
  readonly locate: Locate
  readonly ca: string | undefined
  readonly keep: number
  readonly signal: AbortSignal
  readonly start: number
  /** The head of an answer has come. */
  begun: boolean
}

interface Message {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

/**
 * Sends a request and follows its redirects. Throws a NoAnswer whose message tells why there was none, a TargetError
 * where the target itself can't, and the signal's reason when it is aborted.
 */
export async function sendHttp(
  transport: Transport,
  request: HttpRequest,
  locate: Locate,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted()
  const limit = new AbortController()
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const { timeout, ca, keep = KEEP } = request
  const exchange = { transport, locate, ca, keep, signal: limit.signal, start: performance.now(), begun: false }
  const timer = after(timeout, () => limit.abort(tooLate(timeout, exchange.begun)))
  try {
    return await follow(messageOf(request), request.redirects ?? 0, exchange)
  } finally {
    timer.stop()
    signal.removeEventListener('abort', stop)
  }
}

function messageOf({ method, url, headers = {}, body }: HttpRequest): Message {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new TargetError(`"${url}" is no URL: write http://SERVICE/path`)
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { method, url: new URL(url), headers: { 'user-agent': 'shakedown', ...Object.fromEntries(lower) }, body }
}

async function follow(message: Message, redirects: number, exchange: Exchange): Promise<HttpResponse> {
  let next = message
  for (let left = redirects; ; left--) {
    const response = await once(next, exchange)
    const onward = left > 0 ? redirected(next, response) : undefined
    if (onward === undefined) return response
    next = onward
  }
}

async function once(message: Message, exchange: Exchange): Promise<HttpResponse> {
  const { method, url, headers, body } = message
  const { transport, ca, keep, signal } = exchange
  const to = await exchange.locate(url)
  try {
    const client = await clientOf(transport, url, to, ca)
    exchange.begun = false
    const answer = await client.request({
      method: method as 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : Buffer.from(body),
      // A quiet stream is no fault: the request's own time limit is the only one.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    })
    exchange.begun = true
    const flat = joined(answer.headers)
    const isStream = flat['content-type']?.startsWith('text/event-stream') === true
    const { bytes, truncated, ...more } = await (isStream ? readEvents(answer.body, keep) : readBody(answer.body, keep))
    const duration = performance.now() - exchange.start
    return { status: answer.statusCode, headers: flat, body: bytes, truncated, duration, ...more }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw isError(error, 'target') ? error : noAnswer(error, url, to)
  }
}

/** RFC 9110, 15.4: 303 asks for a GET, and so do 301 and 302 after a POST by old custom. */
function redirected(message: Message, { status, headers }: HttpResponse): Message | undefined {
  const location = headers['location']
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined
  if (!URL.canParse(location, message.url.href)) return undefined
  const url = new URL(location, message.url)
  const asGet = (status === 303 && message.method !== 'HEAD') || (status < 303 && message.method === 'POST')
  const left = Object.entries(message.headers).filter(
    ([name]) => !(asGet && name.startsWith('content-')) && !(url.host !== message.url.host && isPrivate(name)),
  )
  return {
    method: asGet ? 'GET' : message.method,
    url,
    headers: Object.fromEntries(left),
    body: asGet ? undefined : message.body,
  }
}

/** What is meant for one host is not told to another. */
function isPrivate(name: string): boolean {
  return name === 'authorization' || name === 'cookie' || name === 'host'
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  }
  return flat
}
