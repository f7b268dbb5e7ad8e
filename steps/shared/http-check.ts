/** What is wrong with a request as it is written: one method, one body, one authorization, and a URL. */
import type { Finding } from '../../runner/contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from '../../runner/contracts/source.ts'
import { bodies, methods } from './http-request.ts'
import { hasUser, urlFault } from './http-url.ts'
import { checkParts } from './multipart.ts'

export function checkRequest(params: unknown, place: Place): Finding[] {
  if (typeof params === 'string') return checkUrl(params, place)
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return []
  const given = (names: readonly string[]) => names.filter((name) => Object.hasOwn(params, name))
  const [method, another] = given(methods)
  if (method === undefined)
    return [wrong({ ...place, key: true }, 'no-method', 'a request has a method and a URL', 'write {get: URL}')]
  const known = params as Readonly<Record<string, unknown>>
  return [
    ...(another === undefined ? [] : [several(placeOfKey(place, another), 'method', given(methods))]),
    ...checkUrl(known[method], placeAt(place, method)),
    ...tooMany(place, 'body', given(bodies)),
    ...checkAuthorization(known, known[method], place),
    ...checkHeaders(known['headers'], placeAt(place, 'headers')),
    ...checkParts(known['multipart'], placeAt(place, 'multipart')),
    ...halfPair(place, given(['cert', 'key'])),
  ]
}

/** A path alone is a URL where it stands in a service's own `ready`. */
export function checkUrl(url: unknown, place: Place): Finding[] {
  if (typeof url !== 'string' || (url.startsWith('/') && place.path.includes('ready'))) return []
  const fault = urlFault(url)
  return fault ? [wrong(place, 'bad-url', fault.message, fault.hint)] : []
}

/** Credentials stand in a key of their own, in a header, or in the URL. */
function checkAuthorization(params: Readonly<Record<string, unknown>>, url: unknown, place: Place): Finding[] {
  const own = ['bearer', 'basic'].filter((name) => Object.hasOwn(params, name))
  const [key, another] = own
  if (another !== undefined) return [several(placeOfKey(place, another), 'authorization', own)]
  const { headers } = params
  const header = Object.keys(headers ?? {}).find((name) => name.toLowerCase() === 'authorization')
  const at = header === undefined ? undefined : placeOfKey(placeAt(place, 'headers'), header)
  const inUrl = typeof url === 'string' && hasUser(url) ? 'the user in the URL' : undefined
  if (at && (key ?? inUrl) !== undefined)
    return [several(at, 'authorization', [key ?? inUrl ?? '', `the header ${header}`])]
  return key !== undefined && inUrl !== undefined
    ? [several(placeOfKey(place, key), 'authorization', [inUrl, key])]
    : []
}

/** A header has one name, however it is spelled (RFC 9110, 5.1). */
function checkHeaders(headers: unknown, place: Place): Finding[] {
  const seen = new Map<string, string>()
  return Object.keys(headers ?? {}).flatMap((name) => {
    const first = seen.get(name.toLowerCase())
    seen.set(name.toLowerCase(), name)
    const message = `"${first}" and "${name}" are the same header`
    return first === undefined ? [] : [wrong(placeOfKey(place, name), 'given-twice', message, 'keep one')]
  })
}

function tooMany(place: Place, what: string, given: readonly string[]): Finding[] {
  const [, another] = given
  return another === undefined ? [] : [several(placeOfKey(place, another), what, given)]
}

function halfPair(place: Place, given: readonly string[]): Finding[] {
  const [one] = given
  if (one === undefined || given.length === 2) return []
  const other = one === 'cert' ? 'key' : 'cert'
  return [
    wrong(
      placeOfKey(place, one),
      'half-pair',
      `\`${one}\` is given without \`${other}\``,
      `add \`${other}\`: PEM text`,
    ),
  ]
}

function several(place: Place, what: string, given: readonly string[]): Finding {
  return wrong(place, 'given-twice', `a request has one ${what}, and here are ${given.join(' and ')}`, 'keep one')
}

function wrong(place: Place, code: string, message: string, hint: string): Finding {
  return { code, message, place, hint, level: 'error' }
}
