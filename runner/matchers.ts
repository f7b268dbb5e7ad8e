/** The matcher vocabulary: what may be expected of a value. A scalar or list means `equals`; several in one mapping mean all. */
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { Finding } from './contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from './contracts/source.ts'
import { didYouMean } from './contracts/suggest.ts'
import { parseDuration, parseRate, parseSize } from './contracts/units.ts'
import { ABSENT } from './jsonpath.ts'

export interface Matching {
  /** The value is text by nature (.env, headers, stdout): a number or boolean expected of it compares with its usual spelling. */
  readonly text?: boolean
  readonly ignoreCase?: boolean
}

interface Matcher {
  readonly test: (want: unknown, actual: unknown, how: Matching) => boolean
  readonly says: (want: unknown) => string
  /** What is wrong with its parameter, at load. */
  readonly check?: (want: unknown, place: Place) => Finding[]
}

/** How an unmet expectation reads; undefined when it is met. */
export function mismatch(
  matcher: unknown,
  actual: unknown,
  how: Matching = {},
): { expected: string; actual: string } | undefined {
  return meets(matcher, actual, how)
    ? undefined
    : { expected: says(matcher), actual: `${shown(actual)}${typeNote(matcher, actual)}` }
}

/** Whether a value meets a matcher. Absent meets nothing but `absent: true`. */
export function meets(matcher: unknown, actual: unknown, how: Matching = {}): boolean {
  if (!isMapping(matcher)) return actual !== ABSENT && equal(matcher, actual, how)
  const ignoreCase = matcher['ignore-case'] === true || how.ignoreCase === true
  return Object.entries(matcher).every(([name, want]) => {
    if (name === 'ignore-case') return true
    if (name === 'absent') return (actual === ABSENT) === want
    return actual !== ABSENT && (matchers[name]?.test(want, actual, { ...how, ignoreCase }) ?? false)
  })
}

/** A matcher in words: `at least 1`, `equals "up"`. */
export function says(matcher: unknown): string {
  if (!isMapping(matcher)) return shown(matcher)
  return Object.entries(matcher)
    .filter(([name]) => name !== 'ignore-case')
    .map(([name, want]) => (name === 'absent' ? (want ? 'absent' : 'there') : (matchers[name]?.says(want) ?? name)))
    .join(' and ')
}

/** What is wrong with a matcher as it is written: unknown words, parameters that make no sense, checks that could never fail. */
export function checkMatcher(matcher: unknown, place: Place): Finding[] {
  if (!isMapping(matcher)) return []
  const names = Object.keys(matcher)
  if (names.length === 0)
    return [wrong(place, 'vacuous', 'an empty mapping expects nothing', 'name a matcher, such as {gte: 1}')]
  if (names.length === 1 && names[0] === 'ignore-case')
    return [
      wrong(
        placeOfKey(place, 'ignore-case'),
        'vacuous',
        '`ignore-case` alone expects nothing',
        'write it beside `equals` or `matches`',
      ),
    ]
  return names.flatMap((name) => {
    if (name === 'ignore-case' || name === 'absent') {
      const flag = matcher[name]
      if (typeof flag === 'boolean' || isExpression(flag)) return []
      return [wrong(placeAt(place, name), 'bad-matcher', `${name} is true or false`)]
    }
    const known = matchers[name]
    if (!known)
      return [
        wrong(
          placeOfKey(place, name),
          'unknown-matcher',
          `unknown matcher "${name}"; ${didYouMean(name, matcherNames)}`,
          'to compare with a mapping, write {equals: {…}}',
        ),
      ]
    return isExpression(matcher[name]) ? [] : (known.check?.(matcher[name], placeAt(place, name)) ?? [])
  })
}

const ordering = (word: string, holds: (difference: number) => boolean): Matcher => ({
  test: (want, actual) => {
    const difference = compared(actual, want)
    return difference !== undefined && holds(difference)
  },
  says: (want) => `${word} ${plain(want)}`,
  check: (want, place) =>
    measured(want) === undefined
      ? [
          wrong(
            place,
            'bad-matcher',
            `${shown(want)} can't be ordered`,
            'give a number, a duration (30s) or a size (10MiB)',
          ),
        ]
      : [],
})

const overList = (
  word: string,
  holds: (want: unknown, list: readonly unknown[], how: Matching) => boolean,
): Matcher => ({
  // Over an empty list nothing is shown, so nothing holds: `length: 0` is the way to mean that.
  test: (want, actual, how) => {
    const list = typeof actual === 'string' ? undefined : actual
    return Array.isArray(list) && list.length > 0 && holds(want, list, how)
  },
  says: (want) => `${word} ${says(want)}`,
  check: (want, place) => checkMatcher(want, place),
})

const textual = (word: string, holds: (actual: string, want: string) => boolean): Matcher => ({
  test: (want, actual, { ignoreCase }) => {
    if (typeof actual === 'object' && actual !== null) return false
    const [a, b] = [String(actual), String(want)]
    return ignoreCase ? holds(a.toLowerCase(), b.toLowerCase()) : holds(a, b)
  },
  says: (want) => `${word} ${shown(want)}`,
  check: (want, place) =>
    want === '' ? [wrong(place, 'vacuous', 'every text does that, so this can never fail', 'give a text')] : [],
})

const distinct = (list: readonly unknown[]) =>
  list.filter((item, index) => list.findIndex((other) => same(item, other)) === index).length

const matchers: Readonly<Record<string, Matcher>> = {
  equals: { test: (want, actual, how) => equal(want, actual, how), says: (want) => shown(want) },
  not: {
    test: (want, actual, how) => !meets(want, actual, how),
    says: (want) => `not ${says(want)}`,
    check: (want, place) => checkMatcher(want, place),
  },
  gt: ordering('more than', (difference) => difference > 0),
  gte: {
    ...ordering('at least', (difference) => difference >= 0),
  },
  lt: ordering('less than', (difference) => difference < 0),
  lte: ordering('at most', (difference) => difference <= 0),
  between: {
    test: (want, actual) => {
      const [low, high] = want as [unknown, unknown]
      return (compared(actual, low) ?? -1) >= 0 && (compared(actual, high) ?? 1) <= 0
    },
    says: (want) => `between ${plain((want as unknown[])[0])} and ${plain((want as unknown[])[1])}`,
    check: (want, place) =>
      Array.isArray(want) && want.length === 2
        ? []
        : [wrong(place, 'bad-matcher', 'between takes a list of two', 'write [1, 5]')],
  },
  'close-to': {
    test: (want, actual) => {
      const { value, within } = want as { value: number; within: number }
      const difference = compared(actual, value)
      return difference !== undefined && Math.abs(difference) <= (measured(within) ?? Number.NaN)
    },
    says: (want) =>
      `within ${plain((want as { within: unknown }).within)} of ${plain((want as { value: unknown }).value)}`,
    check: (want, place) =>
      isMapping(want) && 'value' in want && 'within' in want
        ? []
        : [wrong(place, 'bad-matcher', 'close-to takes {value, within}', 'write {value: 10, within: 2}')],
  },
  contains: {
    test: (want, actual, how) => {
      if (Array.isArray(actual)) return actual.some((item) => equal(want, item, how))
      if (typeof actual === 'string') return matchers['containsText']?.test(want, actual, how) ?? false
      return (
        isMapping(actual) &&
        isMapping(want) &&
        Object.entries(want).every(([key, value]) => key in actual && equal(value, actual[key], how))
      )
    },
    says: (want) => `contains ${shown(want)}`,
    check: (want, place) =>
      want === '' ? [wrong(place, 'vacuous', 'every text contains the empty text', 'give a text')] : [],
  },
  containsText: textual('contains', (actual, want) => actual.includes(want)),
  'starts-with': textual('starts with', (actual, want) => actual.startsWith(want)),
  'ends-with': textual('ends with', (actual, want) => actual.endsWith(want)),
  matches: {
    test: (want, actual, { ignoreCase }) =>
      (typeof actual !== 'object' || actual === null) &&
      new RegExp(String(want), ignoreCase ? 'i' : '').test(String(actual)),
    says: (want) => `matches /${want}/`,
    check: checkPattern,
  },
  'one-of': {
    test: (want, actual, how) => (want as unknown[]).some((one) => equal(one, actual, how)),
    says: (want) => `one of ${(want as unknown[]).map(shown).join(', ')}`,
    check: (want, place) =>
      Array.isArray(want) && want.length > 0
        ? []
        : [wrong(place, 'bad-matcher', 'one-of takes a list', 'write [a, b]')],
  },
  type: {
    test: (want, actual) => typeOf(actual) === want || (want === 'integer' && Number.isInteger(actual)),
    says: (want) => `of type ${want}`,
    check: (want, place) =>
      TYPES.includes(String(want))
        ? []
        : [wrong(place, 'bad-matcher', `there is no type "${want}"; ${didYouMean(String(want), TYPES)}`)],
  },
  length: {
    test: (want, actual, how) => {
      const length = lengthOf(actual)
      return length !== undefined && meets(want, length, how)
    },
    says: (want) => `of length ${says(want)}`,
    check: (want, place) =>
      isMapping(want) && Object.entries(want).every(([name, value]) => name === 'gte' && Number(value) <= 0)
        ? [wrong(place, 'vacuous', 'every list is at least that long, so this can never fail', 'write {gte: 1}')]
        : checkMatcher(want, place),
  },
  each: overList('each', (want, list, how) => list.every((item) => meets(want, item, how))),
  any: overList('any', (want, list, how) => list.some((item) => meets(want, item, how))),
  none: overList('none', (want, list, how) => !list.some((item) => meets(want, item, how))),
  unique: flagMatcher('without repeats', (list) => distinct(list) === list.length),
  'all-equal': flagMatcher('all equal', (list) => distinct(list) === 1),
  schema: {
    test: (want, actual) => schemaValidator(want)(actual),
    says: () => 'valid by its schema',
    check: (want, place) =>
      isMapping(want) && Object.keys(want).length > 0
        ? []
        : [wrong(place, 'vacuous', 'an empty schema allows everything', 'give a JSON Schema')],
  },
}

/** Words that may stand in a matcher. */
export const matcherNames: readonly string[] = [
  ...Object.keys(matchers).filter((name) => name !== 'containsText'),
  'absent',
  'ignore-case',
]

function flagMatcher(word: string, holds: (list: readonly unknown[]) => boolean): Matcher {
  return {
    test: (want, actual) => Array.isArray(actual) && actual.length > 0 && holds(actual) === want,
    says: (want) => (want ? word : `not ${word}`),
    check: (want, place) =>
      typeof want === 'boolean' ? [] : [wrong(place, 'bad-matcher', 'true or false is meant here')],
  }
}

const TYPES = ['text', 'string', 'number', 'integer', 'boolean', 'list', 'array', 'mapping', 'object', 'null']

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'text'
  return typeof value === 'object' ? 'mapping' : typeof value === 'bigint' ? 'number' : typeof value
}

function checkPattern(want: unknown, place: Place): Finding[] {
  if (want === '')
    return [wrong(place, 'vacuous', 'every text matches the empty pattern, so this can never fail', 'give a pattern')]
  try {
    new RegExp(String(want))
    return []
  } catch (error) {
    return [
      wrong(
        place,
        'bad-regex',
        (error as Error).message.replace(/^Invalid regular expression: /, 'not a regular expression: '),
      ),
    ]
  }
}

/** JSON, YAML and TOML compare typed; text compares with the usual spelling of a number or boolean. */
function equal(want: unknown, actual: unknown, { text, ignoreCase }: Matching): boolean {
  if (
    text &&
    typeof actual === 'string' &&
    (typeof want === 'number' || typeof want === 'boolean' || typeof want === 'bigint')
  )
    return actual === String(want)
  if (ignoreCase && typeof actual === 'string' && typeof want === 'string')
    return actual.toLowerCase() === want.toLowerCase()
  return same(want, actual)
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint')
    return (
      typeof a !== 'object' &&
      typeof b !== 'object' &&
      typeof a !== 'string' &&
      typeof b !== 'string' &&
      BigInt(a as never) === BigInt(b as never)
    )
  return isDeepStrictEqual(normal(a), normal(b))
}

function normal(value: unknown): unknown {
  return typeof value === 'object' && value !== null
    ? JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item)))
    : value
}

function compared(actual: unknown, want: unknown): number | undefined {
  if (typeof actual === 'bigint' || typeof want === 'bigint') {
    const [a, b] = [exact(actual), exact(want)]
    return a === undefined || b === undefined ? undefined : Number(a - b)
  }
  const [a, b] = [measured(actual), measured(want)]
  return a === undefined || b === undefined ? undefined : a - b
}

function exact(value: unknown): bigint | undefined {
  return typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as number) : undefined
}

/** Units are read here and nowhere else: durations in ms, sizes in bytes, rates in bytes a second, `%` as the number before it. */
function measured(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  if (!Number.isNaN(number)) return number
  const percent = /^(-?\d+(?:\.\d+)?)\s?%$/.exec(value)?.[1]
  return percent === undefined ? (parseDuration(value) ?? parseSize(value) ?? parseRate(value)) : Number(percent)
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return [...value].length
  if (Array.isArray(value)) return value.length
  return isMapping(value) ? Object.keys(value).length : undefined
}

const validators = new Map<string, (value: unknown) => boolean>()

function schemaValidator(schema: unknown): (value: unknown) => boolean {
  const key = JSON.stringify(schema)
  const known = validators.get(key)
  if (known) return known
  const { default: Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv')
  const made = new Ajv({ strict: false, allErrors: false }).compile(schema as object) as (value: unknown) => boolean
  validators.set(key, made)
  return made
}

const LONGEST = 120

/** A value as it is shown to people, shortened. */
export function shown(value: unknown): string {
  if (value === ABSENT) return 'absent'
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? Number(item) : item)) ?? String(value)
  if (typeof value === 'bigint') return String(value)
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : shown(value)
}

/** "1" is not 1, and that is hard to see. */
function typeNote(matcher: unknown, actual: unknown): string {
  const want = isMapping(matcher) && 'equals' in matcher ? matcher['equals'] : matcher
  const differ = typeof want !== typeof actual && typeof want !== 'object' && typeof actual !== 'object'
  return differ && String(want) === String(actual) ? ` (a ${typeOf(actual)}, expected a ${typeOf(want)})` : ''
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${{')
}

function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, level: 'error', ...(hint === undefined ? {} : { hint }) }
}
