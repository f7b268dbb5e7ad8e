/** URLs as plans write them: filled in only when they are sent, so that a part may still be an expression. */
import { portFault } from './address.ts'

const EXPRESSION = /\$\{\{.*?\}\}/gs
/** User, host and port of `http://USER@HOST:PORT`. A host may be an address in brackets. */
const AUTHORITY = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^/?#:]*)(?::([^/?#]*))?(?=[/?#]|$)/i

interface Authority {
  readonly scheme: string
  /** `user:password`. */
  readonly user: string | undefined
  readonly host: string
  readonly port: string | undefined
}

/** Undefined for a text that does not begin as a URL does. */
function authorityOf(url: string): Authority | undefined {
  const expressions: string[] = []
  // Characters inside an expression do not separate anything.
  const plain = url.replace(EXPRESSION, (one) => `\u0001${expressions.push(one) - 1}\u0002`)
  const back = (text: string) => text.replace(/\u0001(\d+)\u0002/g, (_, index) => expressions[Number(index)] ?? '')
  const [, scheme = '', user, host = '', port] = AUTHORITY.exec(plain) ?? []
  if (scheme === '') return undefined
  return { scheme, user: user && back(user), host: back(host), port: port && back(port) }
}

export function hostIn(url: string): string | undefined {
  return authorityOf(url)?.host || undefined
}

export function hasUser(url: string): boolean {
  return authorityOf(url)?.user !== undefined
}

/** The URL with more query parameters; they belong before the fragment, which is never sent. */
export function withQuery(url: string, query: string): string {
  const [, address = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(url) ?? []
  if (query === '') return url
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&'
  return `${address}${joint}${query}${fragment}`
}

/** The error in a URL, and the likely meaning; undefined without an error. `url` may hold expressions. */
export function urlFault(url: string): { readonly message: string; readonly hint: string } | undefined {
  if (url.startsWith('${{')) return undefined
  const parts = authorityOf(url)
  const rest = url.trim().replace(/^([a-z+]+:[/\\]+|[/\\]+)/i, '')
  const hint = `write http://${/^[/\\]/.test(url) ? `SERVICE/${rest}` : rest || 'SERVICE/path'}`
  if (!parts || !/^https?$/i.test(parts.scheme)) return { message: `"${url}" is not an HTTP URL`, hint }
  const { host, port, scheme } = parts
  if (/^https?$/i.test(host) && port === '') return { message: `"${url}" has its scheme twice`, hint: `write ${rest}` }
  if (host === '') return { message: `"${url}" has no host`, hint }
  if (/^\[[^\]]*$/.test(host))
    return { message: `"${url}": the bracket of its host is not closed`, hint: 'write [::1]:80' }
  const portIs = port === undefined || port.includes('${{') ? undefined : portFault(port)
  if (portIs) return { message: `"${url}": ${portIs}`, hint: 'ports are numbers from 1 to 65535' }
  if (host.includes('${{') || URL.canParse(`${scheme}://${host}/`)) return undefined
  return { message: `"${url}": "${host}" cannot be a host`, hint: 'a host is a service, a name or an address' }
}
