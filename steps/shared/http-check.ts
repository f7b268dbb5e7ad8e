/** What is wrong with a request as it is written: one method, one body, one authorization, and a URL. */
import type { Finding } from '../../runner/contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from '../../runner/contracts/source.ts'
import { methods } from './http-request.ts'

export function checkRequest(params: unknown, place: Place): Finding[] {
  if (typeof params === 'string') return checkUrl(params, place)
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return []
  const given = (names: readonly string[]) => names.filter((name) => Object.hasOwn(params, name))
  const [method, another] = given(methods)
  if (method === undefined)
    return [wrong({ ...place, key: true }, 'no-method', 'a request has a method and a URL', 'write {get: URL}')]
  return [
    ...(another === undefined ? [] : [several(place, another, 'method', given(methods))]),
    ...checkUrl((params as Record<string, unknown>)[method], placeAt(place, method)),
    ...tooMany(place, 'body', given(['json', 'body', 'form'])),
    ...tooMany(place, 'authorization', given(['bearer', 'basic'])),
    ...halfPair(place, given(['cert', 'key'])),
  ]
}

/** A path alone is a URL where it stands in a service's own `ready`. */
function checkUrl(url: unknown, place: Place): Finding[] {
  if (typeof url !== 'string' || url.includes('${{') || /^(https?:\/\/[^/]|\/)/i.test(url)) return []
  return [
    wrong(
      place,
      'bad-url',
      `"${url}" is no URL`,
      `write http://${url.replace(/^[a-z+]*:?\/*/i, '') || 'SERVICE/path'}`,
    ),
  ]
}

function tooMany(place: Place, what: string, given: readonly string[]): Finding[] {
  const [, another] = given
  return another === undefined ? [] : [several(place, another, what, given)]
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

function several(place: Place, key: string, what: string, given: readonly string[]): Finding {
  return wrong(
    placeOfKey(place, key),
    'given-twice',
    `a request has one ${what}, and here are ${given.join(' and ')}`,
    'keep one',
  )
}

function wrong(place: Place, code: string, message: string, hint: string): Finding {
  return { code, message, place, hint, level: 'error' }
}
