/** The matcher vocabulary: what may be expected of a value. A scalar or list means `equals`; several in one mapping mean all. */
import type { Finding } from './contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from './contracts/source.ts'
import { didYouMean } from './contracts/suggest.ts'
import { ABSENT } from './jsonpath.ts'
import { equality } from './matchers/equality.ts'
import { lists } from './matchers/lists.ts'
import { type Inner, isExpression, isMapping, type Matchers, type Matching, wrong } from './matchers/matcher.ts'
import { order } from './matchers/order.ts'
import { shape } from './matchers/shape.ts'
import { shown } from './matchers/shown.ts'
import { text } from './matchers/text.ts'

export { isExpression, isMapping, type Matching } from './matchers/matcher.ts'
export { shown } from './matchers/shown.ts'

const matchers: Matchers = { ...equality, ...shape, ...order, ...text, ...lists }

/** Words that may stand in a matcher. */
export const matcherNames: readonly string[] = [...Object.keys(matchers), 'absent', 'ignore-case']

/** How an unmet expectation reads. */
export interface Mismatch {
  readonly expected: string
  readonly actual: string
  /** The keys that lead to the word of the matcher that was not met. */
  readonly at: readonly string[]
}

/** Tells how a value misses a matcher; undefined when it meets it. Absent meets nothing but `absent: true`. */
export function mismatch(matcher: unknown, actual: unknown, how: Matching = {}): Mismatch | undefined {
  if (!isMapping(matcher)) return meets(matcher, actual, how) ? undefined : told(['equals', matcher], actual, how, [])
  const cased = { ...how, ignoreCase: matcher['ignore-case'] === true || how.ignoreCase === true }
  const unmet = Object.entries(matcher).find((word) => !meetsWord(word, actual, cased))
  return unmet && told(unmet, actual, cased, [unmet[0]])
}

/** Whether a value meets a matcher. */
export function meets(matcher: unknown, actual: unknown, how: Matching = {}): boolean {
  if (!isMapping(matcher)) return meetsWord(['equals', matcher], actual, how)
  const cased = { ...how, ignoreCase: matcher['ignore-case'] === true || how.ignoreCase === true }
  return Object.entries(matcher).every((word) => meetsWord(word, actual, cased))
}

/** A matcher in words: `at least 1`, `"up"`. */
export function says(matcher: unknown): string {
  if (!isMapping(matcher)) return shown(matcher)
  const words = Object.entries(matcher).filter(([name]) => name !== 'ignore-case')
  return words.map((word) => saysWord(word)).join(' and ')
}

/** What is wrong with a matcher as it is written: unknown words, bad parameters, a check that could never fail. */
export function checkMatcher(matcher: unknown, place: Place): Finding[] {
  if (!isMapping(matcher)) return []
  const names = Object.keys(matcher)
  if (names.length === 0)
    return [wrong(place, 'vacuous', 'an empty mapping expects nothing', 'name a matcher, such as {gte: 1}')]
  return [...checkTogether(matcher, names, place), ...names.flatMap((name) => checkWord(name, matcher[name], place))]
}

/** JSON Schema (draft-07) of a matcher, for editors: to stand at `#/definitions/matcher`. */
export const matcherSchema = {
  description: 'a value (equals), or a mapping of matchers, all of which must be met',
  properties: {
    ...Object.fromEntries(
      Object.entries(matchers).map(([name, { description, schema }]) => [name, { description, ...schema }]),
    ),
    absent: { type: 'boolean', description: 'true: nothing is there, not even null; false: something is' },
    'ignore-case': { type: 'boolean', description: 'beside a matcher of text: upper and lower case are the same' },
  },
  additionalProperties: false,
}

const inner: Inner = { meets, says, check: checkMatcher }

type Word = [name: string, want: unknown]

function meetsWord([name, want]: Word, actual: unknown, how: Matching): boolean {
  if (name === 'ignore-case') return true
  if (name === 'absent') return (actual === ABSENT) === want
  return actual !== ABSENT && (matchers[name]?.test(want, actual, how, inner) ?? false)
}

function told([name, want]: Word, actual: unknown, how: Matching, at: readonly string[]): Mismatch {
  const note = actual === ABSENT ? undefined : matchers[name]?.note?.(want, actual, how, inner)
  const value = actual === ABSENT ? shown(actual) : (matchers[name]?.shows?.(actual) ?? shown(actual))
  return { expected: saysWord([name, want]), actual: note ? `${value} (${note})` : value, at }
}

function saysWord([name, want]: Word): string {
  if (name === 'absent') return want ? 'absent' : 'something there'
  return matchers[name]?.says(want, inner) ?? name
}

/** What the words of one mapping mean for each other. */
function checkTogether(matcher: Readonly<Record<string, unknown>>, names: readonly string[], place: Place): Finding[] {
  if (names.length === 1 && names[0] === 'ignore-case')
    return [
      wrong(
        placeOfKey(place, 'ignore-case'),
        'vacuous',
        '`ignore-case` alone expects nothing',
        'write it beside `equals`, `contains` or `matches`',
      ),
    ]
  if (matcher['absent'] === true && names.length > 1)
    return [wrong(placeOfKey(place, 'absent'), 'vacuous', 'what is absent meets nothing else, so this can never hold')]
  return []
}

function checkWord(name: string, want: unknown, place: Place): Finding[] {
  const known = matchers[name]
  if (isExpression(want) && (known || name === 'absent')) return []
  if (name === 'ignore-case' || name === 'absent')
    return typeof want === 'boolean' ? [] : [wrong(placeAt(place, name), 'bad-matcher', `\`${name}\` is true or false`)]
  if (known) return known.check?.(want, placeAt(place, name), inner) ?? []
  return [
    wrong(
      placeOfKey(place, name),
      'unknown-matcher',
      `unknown matcher "${name}"; ${didYouMean(name, matcherNames)}`,
      'to compare with a mapping, write {equals: {…}}',
    ),
  ]
}
