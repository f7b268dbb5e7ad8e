import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { equal } from './equality.ts'
import { isMapping, type Matcher, type Matchers, type Matching, wrong } from './matcher.ts'
import { shown } from './shown.ts'

export const text: Matchers = {
  contains: {
    description: 'a text contains this text, a list this item, a mapping these members',
    schema: {},
    test: (want, actual, how) => contains(want, actual, how),
    says: (want) => `something containing ${shown(want)}`,
    check: (want, place) => {
      const empty = want === '' || (isMapping(want) && Object.keys(want).length === 0)
      return empty ? [wrong(place, 'vacuous', 'everything contains nothing, so this can never fail')] : []
    },
  },
  'starts-with': textual('starting with', (actual, want) => actual.startsWith(want)),
  'ends-with': textual('ending with', (actual, want) => actual.endsWith(want)),
  matches: {
    description: 'matches this JavaScript regular expression somewhere',
    schema: { type: 'string', format: 'regex' },
    test: (want, actual, { ignoreCase }) => isScalar(actual) && pattern(String(want), ignoreCase).test(String(actual)),
    says: (want) => `text matching /${want}/`,
    check: checkPattern,
  },
}

function textual(word: string, holds: (actual: string, want: string) => boolean): Matcher {
  return {
    description: `text ${word} this`,
    schema: { type: 'string' },
    test: (want, actual, how) => isScalar(actual) && holds(...cased(String(actual), String(want), how)),
    says: (want) => `text ${word} ${shown(want)}`,
    check: (want, place) => {
      if (want === '') return [wrong(place, 'vacuous', 'every text does that, so this can never fail')]
      return isScalar(want) ? [] : [wrong(place, 'bad-matcher', `a text is compared, and not ${shown(want)}`)]
    },
  }
}

function contains(want: unknown, actual: unknown, how: Matching): boolean {
  if (Array.isArray(actual)) return actual.some((item) => equal(want, item, how))
  if (isMapping(actual))
    return (
      isMapping(want) &&
      Object.entries(want).every(([key, value]) => Object.hasOwn(actual, key) && equal(value, actual[key], how))
    )
  if (!isScalar(actual) || !isScalar(want)) return false
  const [text, part] = cased(String(actual), String(want), how)
  return text.includes(part)
}

function cased(actual: string, want: string, { ignoreCase }: Matching): [string, string] {
  return ignoreCase ? [actual.toLowerCase(), want.toLowerCase()] : [actual, want]
}

/** A value that has a spelling; null has none. */
function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
}

function checkPattern(want: unknown, place: Place): Finding[] {
  if (typeof want !== 'string')
    return [wrong(place, 'bad-regex', `a regular expression is a text, and not ${shown(want)}`, 'quote it')]
  try {
    if (!matchesEverything(want)) return []
    return [wrong(place, 'vacuous', 'every text matches this pattern, so this can never fail')]
  } catch (error) {
    const why = (error as Error).message.replace(/^Invalid regular expression:\s*/, '')
    return [wrong(place, 'bad-regex', `no regular expression: ${why}`)]
  }
}

/** Without anchors and assertions, a pattern that matches the empty text matches anywhere. */
function matchesEverything(source: string): boolean {
  return new RegExp(source).test('') && !/[\^$]|\\b|\\B|\(\?/.test(source)
}

const patterns = new Map<string, RegExp>()

function pattern(source: string, ignoreCase: boolean | undefined): RegExp {
  const flags = ignoreCase ? 'i' : ''
  const known = patterns.get(`${flags}/${source}`)
  if (known) return known
  const made = new RegExp(source, flags)
  patterns.set(`${flags}/${source}`, made)
  return made
}
