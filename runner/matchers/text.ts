import { type Incomplete, isIncomplete, type Missing } from '../base/incomplete.ts'
import { compilePattern, patternError } from '../base/pattern.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { type Answer, doesNotApply, some, untaken } from './answer.ts'
import { equal, equalsPart } from './equality.ts'
import { lookAlikePart } from './look-alike.ts'
import { isMapping, type Matcher, type Matchers, type Matching, wrong } from './matcher.ts'
import { shown, typeOf } from './shown.ts'

export const text: Matchers = {
  contains: {
    description: 'a text contains this text, a list this item, a mapping these members',
    schema: {},
    test: contains,
    testPart: (want, actual, how) =>
      !isUndecoded(want) && contains(want, actual.part, how) === true ? true : untaken(actual.why),
    says: (want) => `something containing ${shown(want)}`,
    note: lookAlikePart,
    check: (want, place) => {
      const empty = want === '' || (isMapping(want) && Object.keys(want).length === 0)
      return empty ? [wrong(place, 'vacuous', 'everything contains nothing, so this can never fail')] : []
    },
  },
  'starts-with': textual('starting with', (actual, want) => actual.startsWith(want), 'end'),
  'ends-with': textual('ending with', (actual, want) => actual.endsWith(want), 'start'),
  matches: {
    description: 'matches this regular expression (RE2 syntax) somewhere',
    schema: { type: 'string' },
    test: matches,
    testPart: matchesPart,
    says: (want) => `text matching /${want}/`,
    check: checkPattern,
  },
}

/** `open`: the end of a text that decides nothing, so that a text which lacks it can be judged. */
function textual(word: string, holds: (actual: string, want: string) => boolean, open: Missing): Matcher {
  return {
    description: `text ${word} this`,
    schema: { type: 'string' },
    test: (want, actual, how) => spelled(actual, (text) => holds(...cased(text, String(want), how))),
    testPart: (want, { part, missing, why }, how) => {
      if (typeof part !== 'string' || isUndecoded(want)) return untaken(why)
      const [text, wanted] = cased(part, String(want), how)
      if (missing !== open) return missing === 'inside' && holds(text, wanted) ? true : untaken(why)
      const seen = open === 'end' ? wanted.slice(0, text.length) : wanted.slice(-text.length || wanted.length)
      return wanted.length <= text.length || !holds(text, seen) ? holds(text, wanted) : untaken(why)
    },
    says: (want) => `text ${word} ${shown(want)}`,
    check: (want, place) => {
      if (want === '') return [wrong(place, 'vacuous', 'every text does that, so this can never fail')]
      return isScalar(want) ? [] : [wrong(place, 'bad-matcher', `a text is compared, and not ${shown(want)}`)]
    },
  }
}

/** The replacement character for undecodable bytes is not a character of the text. */
function isUndecoded(want: unknown): boolean {
  return typeof want === 'string' && want.includes('\ufffd')
}

function contains(want: unknown, actual: unknown, how: Matching): Answer {
  if (Array.isArray(actual))
    return some(actual, (item) => (isIncomplete(item) ? equalsPart(want, item, how) : equal(want, item, how)))
  if (isMapping(actual)) {
    if (!isMapping(want)) return doesNotApply(`a mapping contains members, not ${shown(want)}`)
    return Object.entries(want).every(([key, value]) => Object.hasOwn(actual, key) && equal(value, actual[key], how))
  }
  if (!isScalar(want)) return doesNotApply(`a ${typeOf(actual)} cannot contain a ${typeOf(want)}`)
  return spelled(actual, (whole) => {
    const [text, part] = cased(whole, String(want), how)
    return text.includes(part)
  })
}

function matches(want: unknown, actual: unknown, { ignoreCase }: Matching): Answer {
  const pattern = compilePattern(String(want), { ignoreCase: ignoreCase === true })
  return spelled(actual, (text) => {
    const costly = pattern.tooCostly(text)
    return costly === undefined ? pattern.test(text) : untaken(costly)
  })
}

/** A match that touches neither the missing end nor a character that could not be decoded stays one in the whole text. */
function matchesPart(want: unknown, { part, missing, why }: Incomplete, how: Matching): Answer {
  if (typeof part !== 'string' || matches(want, part, how) !== true) return untaken(why)
  const pattern = compilePattern(String(want), { ignoreCase: how.ignoreCase === true })
  const found = pattern.find(part)
  if (!found) return untaken(why)
  const asserts = (at: RegExp) => at.test(pattern.source)
  if (part.slice(found.index, found.end).includes('\ufffd')) return untaken(why)
  if (missing === 'end') return found.end < part.length || !asserts(/\$|\\[zbB]/) ? true : untaken(why)
  if (missing === 'start') return found.index > 0 || !asserts(/\^|\\[AbB]/) ? true : untaken(why)
  return true
}

/** Only a value that has a spelling can be looked at as text; null has none. */
function spelled(actual: unknown, judge: (text: string) => Answer): Answer {
  return isScalar(actual)
    ? judge(String(actual))
    : doesNotApply(`${actual === null ? 'null' : `a ${typeOf(actual)}`} is not text`)
}

function cased(actual: string, want: string, { ignoreCase }: Matching): [string, string] {
  return ignoreCase ? [actual.toLowerCase(), want.toLowerCase()] : [actual, want]
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
}

function checkPattern(want: unknown, place: Place): Finding[] {
  if (typeof want !== 'string')
    return [wrong(place, 'bad-regex', `a regular expression is a text, and not ${shown(want)}`, 'quote it')]
  const bad = patternError(want)
  if (bad) return [wrong(place, 'bad-regex', `not a regular expression (RE2 syntax): ${bad.message}`, bad.hint)]
  if (!matchesEverything(want)) return []
  return [wrong(place, 'vacuous', 'every text matches this pattern, so this can never fail')]
}

/** Without anchors and assertions, a pattern that matches the empty text matches anywhere. */
function matchesEverything(source: string): boolean {
  return compilePattern(source).test('') && !/[\^$]|\\[AzbB]/.test(source)
}
