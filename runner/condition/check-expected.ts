/** What is wrong with expectations as they are written, whatever the reading will be. */
import type { Finding } from '../contracts/errors.ts'
import type { Field } from '../contracts/probe.ts'
import { type Place, placeAt } from '../contracts/source.ts'
import { didYouMean, nearest } from '../contracts/suggest.ts'
import { checkPath, singularPath } from '../jsonpath.ts'
import { checkMatcher, isExpression, isMapping, shown } from '../matchers.ts'
import { type Expected, type Fields, fieldNamed } from './expected.ts'

/** Findings of every expectation, in the order they are written. */
export function checkExpected(expected: readonly Expected[], fields: Fields): Finding[] {
  return expected.flatMap((one) => [...checkName(one, fields), ...checkMatcher(one.matcher, one.place)])
}

function checkName(expected: Expected, fields: Fields): Finding[] {
  const { name, place } = expected
  if (name.startsWith('$')) return name.startsWith('${{') ? [] : checkPathKey(expected, fields)
  const field = fieldNamed(name, fields)
  if (field)
    return [...checkMember(name, field, place, fields), ...checkWords(expected, field), ...checkLeast(expected, field)]
  if (isExpression(name)) return []
  return [
    at(
      place,
      'unknown-field',
      `there is no field "${name}" here; ${didYouMean(name, Object.keys(fields))}`,
      aboutPath(name, fields),
    ),
  ]
}

function aboutPath(name: string, fields: Fields): string | undefined {
  if (!Object.hasOwn(fields, 'json') || nearest(name, Object.keys(fields)) !== undefined) return undefined
  const path = name.replace(/^\./, '')
  return `a path into the JSON document starts with $: $${/^\[/.test(path) ? '' : '.'}${path}`
}

function checkPathKey({ name, matcher, place }: Expected, fields: Fields): Finding[] {
  if (isExpression(name)) return []
  if (!Object.hasOwn(fields, 'json'))
    return [
      at(place, 'no-document', `there is no JSON to look "${name}" up in; ${didYouMean(name, Object.keys(fields))}`),
    ]
  const bad = checkPath(name)
  if (bad)
    return [
      {
        code: 'bad-jsonpath',
        message: `bad JSONPath: ${bad.message}`,
        place: { ...place, key: true, span: [bad.index, name.length] },
        hint: 'paths are those of RFC 9535: $.a.b, $.list[0], $.list[?@.name == "x"]',
        level: 'error',
      },
    ]
  if (!isMapping(matcher) || !('absent' in matcher) || singularPath(name) !== undefined) return []
  return [
    at(
      placeAt(place, 'absent'),
      'vacuous',
      'a path that may match several values gives a list, which is never absent',
      'write {length: 0} or {length: {gte: 1}}',
    ),
  ]
}

function checkMember(name: string, { type }: Field, place: Place, fields: Fields): Finding[] {
  if (Object.hasOwn(fields, name) || type === 'any' || type === 'mapping' || type === 'list' || type === 'text')
    return []
  return [at(place, 'unknown-field', `"${name}" is never there: ${name.slice(0, name.lastIndexOf('.'))} is a ${type}`)]
}

/** A closed list of words is checked wherever the matcher names one. */
function checkWords({ matcher, place }: Expected, { words }: Field): Finding[] {
  if (!words) return []
  return wordsIn(matcher, place).flatMap(({ word, place: where }) => {
    if (isExpression(word) || words.includes(String(word))) return []
    return [
      {
        ...at(where, 'unknown-word', `there is no ${shown(word)} here; ${didYouMean(String(word), words)}`),
        place: where,
      },
    ]
  })
}

function wordsIn(matcher: unknown, place: Place): { word: unknown; place: Place }[] {
  if (!isMapping(matcher)) return [{ word: matcher, place }]
  return ['equals', 'not', 'one-of'].flatMap((name) => {
    const want = matcher[name]
    if (want === undefined) return []
    if (Array.isArray(want)) return want.map((word, index) => ({ word, place: placeAt(place, name, index) }))
    return wordsIn(want, placeAt(place, name))
  })
}

/** A count is never below zero, so `count: {gte: 0}` shows nothing. */
function checkLeast({ name, matcher, place }: Expected, { least }: Field): Finding[] {
  if (least === undefined || !isMapping(matcher) || Object.keys(matcher).length !== 1) return []
  const { gte, gt } = matcher
  const isAlwaysSo = (typeof gte === 'number' && gte <= least) || (typeof gt === 'number' && gt < least)
  if (!isAlwaysSo) return []
  return [
    {
      ...at(place, 'vacuous', `${name} is never below ${least}, so this can never fail`),
      place: placeAt(place, Object.keys(matcher)[0] ?? ''),
    },
  ]
}

/** A finding about a key. */
function at(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place: { ...place, key: true }, hint, level: 'error' }
}
