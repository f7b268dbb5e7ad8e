/** Redirects (RFC 9110, 15.4), and what of a request goes on to another host. */
import { NoAnswer } from '../../contracts/no-answer.ts'

/** A request on its way. */
export interface Message {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
  /** It has left the host that the plan names: nothing that was meant for that one goes along. */
  readonly away: boolean
}

/**
 * The request that a redirect asks for; undefined when the answer is not one. Throws a NoAnswer where it may not be followed.
 * 303 asks for a GET, and so do 301 and 302 after a POST by old custom.
 */
export function redirected(
  message: Message,
  status: number,
  location: string | readonly string[] | undefined,
): Message | undefined {
  if (location === undefined || !REDIRECTS.includes(status)) return undefined
  const { method, url: from } = message
  const url = targetOf(location, from)
  const asGet = (status === 303 && method !== 'HEAD') || (status < 303 && method === 'POST')
  const next = asGet ? 'GET' : method
  const away = !isSameParty(from, url)
  if (away && next !== 'GET' && next !== 'HEAD')
    throw refused(`it redirects the ${method} to another host, ${url.origin}: write a step of its own for that host`)
  const headers = Object.entries(message.headers).filter(
    ([name]) => !(asGet && name.startsWith('content-')) && !(away && !TOLD_TO_ALL.test(name)),
  )
  return {
    method: next,
    url,
    headers: Object.fromEntries(headers),
    body: asGet ? undefined : message.body,
    away: message.away || away,
  }
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** Any other header may be a credential under a name of its own, such as `x-api-key`, `private-token`, `cookie`. */
const TOLD_TO_ALL = /^(accept(-.*)?|cache-control|if-.*|pragma|range|traceparent|tracestate|user-agent)$/

/** The same origin, or the same host that now asks for TLS. */
function isSameParty(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === ''
  return isUpgrade && from.hostname === to.hostname
}

/** Throws a NoAnswer. */
function targetOf(location: string | readonly string[], from: URL): URL {
  const places = [...new Set([location].flat())]
  const [place = ''] = places
  if (places.length > 1) throw refused(`it redirects to ${places.length} places at once`)
  const text = asUtf8(place)
  if (!URL.canParse(text, from.href)) throw refused(`it redirects to "${text}", which is not a URL`)
  const url = new URL(text, from)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(`it redirects to a ${url.protocol} URL, and only http: and https: are followed`)
  url.username = ''
  url.password = ''
  return url
}

/** Headers come as Latin-1, and servers write UTF-8 into this one. */
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? header : text
}

/** An answer came, but not the one that the plan asks for. */
export function refused(why: string): NoAnswer {
  return new NoAnswer(`the redirect is not followed: ${why}`, { resolves: true })
}

export function tooMany(limit: number, { url }: Message): NoAnswer {
  return new NoAnswer(
    `more than ${limit} redirect${limit === 1 ? '' : 's'}: the next one leads to ${url.origin}${url.pathname} (raise \`redirects\`)`,
    { resolves: true },
  )
}
