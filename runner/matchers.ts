/** The matcher vocabulary: what may be expected of a value. A scalar or list means `equals`; several in one mapping mean all. */
import { type Incomplete, isIncomplete } from './base/incomplete.ts'
import { otherTool } from './base/other-tools.ts'
import { Spelled, spelledAt } from './base/spelling.ts'
import type { Finding } from './contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from './contracts/source.ts'
import { unknownName } from './contracts/suggest.ts'
import { ABSENT } from './jsonpath.ts'
import { type Answer, doesNotApply, every, type NoAnswer, untaken } from './matchers/answer.ts'
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

/** How an expectation reads that is not met. */
export interface Mismatch {
  /** `unmet`, or the reason why there is no answer: it fails under `not`, too. */
  readonly is: 'unmet' | NoAnswer['is']
  readonly expected: string
  readonly actual: string
  /** The keys that lead to the word of the matcher that was not met. */
  readonly at: readonly string[]
}

/**
 * How a value misses a matcher; undefined when it meets it. Absent meets nothing but `absent: true`. An incomplete value
 * meets only what its missing part cannot change.
 */
export function mismatch(matcher: unknown, actual: unknown, how: Matching = {}): Mismatch | undefined {
  const cased = casing(matcher, how)
  const judged = wordsOf(matcher, actual).map((word) => ({ word, answer: judgeWord(word, actual, cased) }))
  const answer = every(judged, (one) => one.answer)
  if (answer === true) return undefined
  const worst = judged.find((one) => one.answer === answer) ?? judged[0]
  return worst && unmet(worst.word, answer, actual, cased, isMapping(matcher) ? [worst.word[0]] : [])
}

/** Whether a value meets a matcher, as far as that is known. */
export function judge(matcher: unknown, actual: unknown, how: Matching = {}): Answer {
  const cased = casing(matcher, how)
  return every(wordsOf(matcher, actual), (word) => judgeWord(word, actual, cased))
}

export function meets(matcher: unknown, actual: unknown, how: Matching = {}): boolean {
  return judge(matcher, actual, how) === true
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

const inner: Inner = { judge, says, check: checkMatcher }

type Word = readonly [name: string, want: unknown]

function wordsOf(matcher: unknown, actual: unknown): readonly Word[] {
  if (!isMapping(matcher)) return [['equals', matcher]]
  return Object.keys(matcher).map((name) => [name, wantedOf(matcher, name, actual)])
}

/** A part of a text is looked for as it is written: `contains: 1.10` is not in "1.1.5". */
function wantedOf(matcher: object, name: string, actual: unknown): unknown {
  const want = spelledAt(matcher, name)
  if (!(want instanceof Spelled)) return want
  return Object.hasOwn(text, name) && (typeof actual === 'string' || isIncomplete(actual)) ? want.text : want.value
}

function casing(matcher: unknown, how: Matching): Matching {
  return isMapping(matcher) && matcher['ignore-case'] === true ? { ...how, ignoreCase: true } : how
}

function judgeWord([name, want]: Word, actual: unknown, how: Matching): Answer {
  if (name === 'ignore-case') return true
  if (name === 'absent')
    return isIncomplete(actual) && actual.part === undefined ? untaken(actual.why) : (actual === ABSENT) === want
  const known = matchers[name]
  if (actual === ABSENT) return doesNotApply('absent')
  if (!known) return doesNotApply(`unknown matcher "${name}"`)
  const open = itemwise.has(name) ? undefined : incompleteItem(actual)
  if (open) return untaken(open.why)
  if (isIncomplete(actual)) return known.testPart?.(want, actual, how, inner) ?? untaken(actual.why)
  return known.test(want, actual, how, inner)
}

/** These words judge each item for itself, or none. All others compare items as if they were whole. */
const itemwise: ReadonlySet<string> = new Set(['each', 'any', 'none', 'contains', 'length', 'type', 'not'])

function incompleteItem(actual: unknown): Incomplete | undefined {
  const list = isIncomplete(actual) ? actual.part : actual
  return Array.isArray(list) ? list.find(isIncomplete) : undefined
}

function unmet(word: Word, answer: Answer, actual: unknown, how: Matching, at: readonly string[]): Mismatch {
  const [name, want] = word
  const known = actual === ABSENT ? undefined : matchers[name]
  const is = typeof answer === 'boolean' ? 'unmet' : answer.is
  const note = is === 'untaken' ? (answer as NoAnswer).why : noteOf(known, want, actual, how, answer)
  const value = isIncomplete(actual) ? shown(actual) : (known?.shows?.(actual) ?? shown(actual))
  return { is, expected: saysWord(word), actual: note ? `${value} (${note})` : value, at }
}

/** Under `not` and over lists a matcher that does not apply has no note of its own. */
function noteOf(known: Matchers[string] | undefined, want: unknown, actual: unknown, how: Matching, answer: Answer) {
  if (known === undefined) return undefined
  const note = isIncomplete(actual) ? undefined : known.note?.(want, actual, how, inner)
  return note ?? (typeof answer === 'boolean' ? undefined : answer.why)
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
      unknownName(`unknown matcher "${name}"`, name, matcherNames, otherTool('matcher', name)),
      otherTool('matcher', name) ?? 'to compare with a mapping, write {equals: {…}}',
    ),
  ]
}
