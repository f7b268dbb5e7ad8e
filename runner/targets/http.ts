/** HTTP/1.1 as seen from a target. */
import { after } from '../base/timer.ts'
import { isError } from '../contracts/errors.ts'
import { isNoAnswer } from '../contracts/no-answer.ts'
import type { HttpRequest, HttpResponse } from '../contracts/target.ts'
import { readAnswer } from './http/answer.ts'
import { readBody } from './http/body.ts'
import { type Answer, exchange as sendOnce } from './http/client.ts'
import { Cookies } from './http/cookies.ts'
import { type Message, redirected, tooMany } from './http/redirect.ts'
import { noAnswer, notSent, tooLate, type Whom, whomAt } from './reach/no-answer.ts'
import type { Origin } from './reach/origin.ts'
import type { Tls } from './reach/secure.ts'
import { Trace } from './reach/trace.ts'

const KEEP = 16 * 1024 * 1024
/** The limit for the body of a redirect that is followed: it is not used, and short ones keep the connection. */
const KEEP_OF_REDIRECT = 64 * 1024

/** An exchange with all of its redirects, and its limits. */
interface Exchange {
  readonly origin: Origin
  readonly request: HttpRequest
  readonly cookies: Cookies | undefined
  readonly signal: AbortSignal
  readonly start: number
  /** The trace of the request that is under way. */
  trace: Trace
  whom: Whom
}

/**
 * Sends a request and follows its redirects. Throws a NoAnswer that says why there was none and what that shows, a
 * TargetError where the target itself can't, and the signal's reason when it is aborted.
 */
export async function sendHttp(
  origin: Origin,
  request: HttpRequest,
  signal: AbortSignal,
  jar = new Cookies(),
): Promise<HttpResponse> {
  signal.throwIfAborted()
  const limit = new AbortController()
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const message = messageOf(request)
  const exchange: Exchange = {
    origin,
    request,
    cookies: request.cookies === false ? undefined : jar,
    signal: limit.signal,
    start: performance.now(),
    trace: new Trace(),
    whom: whomAt(hostOf(message.url), addressOf(message.url)),
  }
  const since = origin.mark()
  const timer = after(request.timeout, () => limit.abort(tooLate(request.timeout, exchange.whom, exchange.trace)))
  try {
    return await follow(message, request.redirects ?? 0, exchange)
  } catch (error) {
    throw isNoAnswer(error) ? await origin.judge(error, exchange.whom, signal, since) : error
  } finally {
    timer.stop()
    signal.removeEventListener('abort', stop)
  }
}

/** Throws a NoAnswer for an address that nothing can be sent to. */
function messageOf({ method, url, headers = {}, body }: HttpRequest): Message {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) throw notSent(`"${url}" is not a URL: write http://SERVICE/path`)
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  for (const header of lower) demandSendable(...header)
  const to = new URL(url)
  if (to.username !== '' || to.password !== '') lower.unshift(['authorization', basicOf(to)])
  to.username = to.password = ''
  return {
    method,
    url: to,
    headers: { 'user-agent': 'shakedown', ...Object.fromEntries(lower) },
    body,
    away: false,
  }
}

/** `http://user:password@host` (RFC 7617). */
function basicOf({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

/** A stray `%`, and bytes that are not UTF-8, stand for themselves. */
function decoded(text: string): string {
  return text.replace(/(%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })
}

/** RFC 9110, 5.1 and 5.5. Values are not shown: they may be secrets that are known in another form. */
function demandSendable(name: string, value: string): void {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw notSent(`"${name}" is not a name of a header`)
  const [wrong] = /[^\t\x20-\x7e\x80-\xff]/.exec(value) ?? []
  if (wrong === undefined) return
  const code = wrong.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  throw notSent(`the header "${name}" can't be sent: it holds the character U+${code}`)
}

async function follow(message: Message, redirects: number, exchange: Exchange): Promise<HttpResponse> {
  let next = message
  for (let left = redirects; ; left--) {
    const answer = await once(next, exchange)
    const onward = redirects > 0 ? redirected(next, answer.statusCode, answer.headers['location']) : undefined
    if (onward === undefined) return await read(answer, exchange)
    await reading(exchange, () => readBody(answer.body, undefined, KEEP_OF_REDIRECT))
    if (left === 0) throw tooMany(redirects, onward)
    next = onward
  }
}

/** The head of the answer. */
async function once(message: Message, exchange: Exchange): Promise<Answer> {
  const { method, url, headers, body } = message
  const { origin, cookies, signal } = exchange
  const trace = new Trace()
  exchange.trace = trace
  const secure = url.protocol === 'https:'
  exchange.whom = whomAt(hostOf(url), addressOf(url), secure)
  const port = url.port === '' ? undefined : Number(url.port)
  const to = (await origin.locate(hostOf(url), port, signal)) ?? addressOf(url)
  exchange.whom = whomAt(hostOf(url), to, secure)
  const cookie = await cookies?.header(url, headers['cookie'])
  const ask = {
    method,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, ...headers, ...(cookie === undefined ? {} : { cookie }) },
    body: body === undefined ? null : typeof body === 'string' ? body : Buffer.from(body),
  }
  const answer = await reading(exchange, () =>
    sendOnce({ transport: origin.transport, to, tls: tlsOf(message, exchange) }, ask, signal, trace),
  )
  await cookies?.keep(url, answer.headers['set-cookie'])
  return answer
}

async function read(answer: Answer, exchange: Exchange): Promise<HttpResponse> {
  const { request, start, signal, whom, trace } = exchange
  const { keep = KEEP, enough } = request
  const cutBy = (error: unknown) => {
    const reason = signal.aborted ? signal.reason : noAnswer(error, whom, trace)
    return isNoAnswer(reason) ? reason.message : undefined
  }
  return await reading(exchange, () => readAnswer(answer, { keep, start, cutBy, enough }))
}

/** Says of what goes wrong what it shows. */
async function reading<T>({ signal, whom, trace }: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw isError(error, 'target') || isNoAnswer(error) ? error : noAnswer(error, whom, trace)
  }
}

/** A virtual host is asked for by the name in its `Host` header. A client certificate is shown to the host of the plan alone. */
function tlsOf({ url, headers, away }: Message, { request }: Exchange): Tls | undefined {
  if (url.protocol !== 'https:') return undefined
  const { ca, cert, key } = request
  const name = (headers['host'] ?? url.host).replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
  return { name, ca, ...(away ? {} : { cert, key }) }
}

/** `[::1]` → `::1`. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function addressOf(url: URL): { host: string; port: number } {
  return { host: hostOf(url), port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) }
}
