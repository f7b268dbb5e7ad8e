/**
 * Cookies as a browser keeps them (RFC 6265), but for one thing: a browser sends the cookies of a host to each of its ports, and
 * here several services may be ports of one address.
 */
import type { CookieJar } from 'tough-cookie'

export class Cookies {
  readonly #jars = new Map<string, CookieJar>()

  /** Keeps the cookies of an answer. Cookies that a browser would refuse are not kept: another domain, a malformed cookie. */
  async keep(url: URL, set: string | readonly string[] | undefined): Promise<void> {
    if (set === undefined) return
    const { CookieJar } = await import('tough-cookie')
    // Services have names without a dot, which are not public suffixes here.
    const jar = this.#jars.get(url.port) ?? new CookieJar(undefined, { looseMode: true, rejectPublicSuffixes: false })
    this.#jars.set(url.port, jar)
    for (const one of [set].flat()) await jar.setCookie(one, url.href, { ignoreError: true })
  }

  /** The `Cookie` header of a request; cookies that the plan wrote itself come first and win. */
  async header(url: URL, written: string | undefined): Promise<string | undefined> {
    const jar = this.#jars.get(url.port)
    if (!jar) return written
    const names = new Set((written ?? '').split(';').map((pair) => pair.split('=')[0]?.trim()))
    const kept = (await jar.getCookies(url.href)).filter(({ key }) => !names.has(key))
    const all = [...(written ? [written] : []), ...kept.map((cookie) => cookie.cookieString())]
    return all.length === 0 ? written : all.join('; ')
  }
}

const jars = new WeakMap<object, Cookies>()

/** The jar that belongs to something that lives as long as a case. */
export function cookiesOf(owner: object): Cookies {
  const known = jars.get(owner) ?? new Cookies()
  jars.set(owner, known)
  return known
}
