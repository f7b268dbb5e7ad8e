import type { Incomplete } from '../base/incomplete.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { type Answer, doesNotApply, untaken } from './answer.ts'
import { isExpression, isMapping, type Matcher, type Matchers, wrong } from './matcher.ts'
import { compared, distance, measured } from './measure.ts'
import { plain, shown } from './shown.ts'

const UNITS = 'give a number, a duration (30s), a size (10MiB), a rate (1MB/h), a percentage or a date (2026-12-31)'

export const order: Matchers = {
  gt: ordering('more than', (difference) => difference > 0, true),
  gte: ordering('at least', (difference) => difference >= 0, true),
  lt: ordering('less than', (difference) => difference < 0, false),
  lte: ordering('at most', (difference) => difference <= 0, false),
  between: {
    description: 'not below the first and not above the second',
    schema: { type: ['array', 'string'], minItems: 2, maxItems: 2 },
    test: (want, actual) => {
      const [low, high] = want as [unknown, unknown]
      const [above, below] = [compared(actual, low), compared(actual, high)]
      if (above === undefined || below === undefined) return unordered(actual, low)
      return above >= 0 && below <= 0
    },
    testPart: (want, actual) => bound(actual, (least) => (compared(least, (want as unknown[])[1]) ?? 0) > 0, false),
    says: (want) => `between ${plain((want as unknown[])[0])} and ${plain((want as unknown[])[1])}`,
    check: (want, place) => {
      if (!Array.isArray(want) || want.length !== 2)
        return [wrong(place, 'bad-matcher', '`between` takes a list of two', 'write [1, 5]')]
      if (want.some(isExpression)) return []
      const difference = compared(want[0], want[1])
      if (difference === undefined)
        return [wrong(place, 'bad-matcher', `${shown(want[0])} and ${shown(want[1])} can't be ordered`, UNITS)]
      return difference > 0
        ? [wrong(place, 'vacuous', 'nothing is between these, so this can never hold', 'write the smaller one first')]
        : []
    },
    note: (want, actual) => orderNote((want as unknown[])[0], actual),
  },
  'close-to': {
    description: 'no further from `value` than `within`',
    schema: { type: 'object', required: ['value', 'within'], properties: { value: {}, within: {} } },
    test: (want, actual) => {
      const { value, within } = want as { value: unknown; within: unknown }
      const apart = distance(actual, value)
      const most = measured(within)
      if (apart === undefined || most === undefined) return unordered(actual, value)
      return apart <= Number(most.amount)
    },
    says: (want) => {
      const { value, within } = want as { value: unknown; within: unknown }
      return `within ${plain(within)} of ${plain(value)}`
    },
    check: (want, place) =>
      isMapping(want) && Object.keys(want).sort().join() === 'value,within' && Object.values(want).every(isMeasure)
        ? checkWithin(want['value'], want['within'], place)
        : [wrong(place, 'bad-matcher', '`close-to` takes {value, within}', 'write {value: 10, within: 2}')],
    note: (want, actual) => orderNote((want as { value: unknown }).value, actual),
  },
}

/** `grows`: a larger value holds all the more, so a lower bound of it may show that it holds. */
function ordering(word: string, holds: (difference: number) => boolean, grows: boolean): Matcher {
  return {
    description: `${word} this; text is read as a number, duration, size, rate, percentage or date`,
    schema: { type: ['number', 'string'] },
    test: (want, actual) => {
      const difference = compared(actual, want)
      return difference === undefined ? unordered(actual, want) : holds(difference)
    },
    testPart: (want, actual) => bound(actual, (least) => holds(compared(least, want) ?? Number.NaN) === grows, grows),
    says: (want) => `${word} ${plain(want)}`,
    check: (want, place) =>
      isMeasure(want) ? [] : [wrong(place, 'bad-matcher', `${shown(want)} can't be ordered`, UNITS)],
    note: (want, actual) => orderNote(want, actual),
  }
}

/** How far two dates are apart is a duration. */
function checkWithin(value: unknown, within: unknown, place: Place): Finding[] {
  const [of, most] = [measured(value), measured(within)]
  if (of === undefined || most === undefined) return []
  const unit = of.unit.startsWith('date') ? 'duration' : of.unit
  if (most.amount >= 0 && (most.unit === unit || most.unit === 'number' || of.unit === 'number')) return []
  const message =
    most.amount < 0
      ? '`within` is below 0, so this can never hold'
      : `a ${of.unit} is not within a ${most.unit} of another`
  return [wrong(place, 'bad-matcher', message, 'write {value: 10s, within: 500ms}')]
}

function isMeasure(value: unknown): boolean {
  return isExpression(value) || measured(value) !== undefined
}

/** For a number with a known lower bound, only one of the two answers is certain. */
function bound({ part, why }: Incomplete, isCertain: (least: number) => boolean, answer: boolean): Answer {
  return typeof part === 'number' && isCertain(part) ? answer : untaken(why)
}

function unordered(actual: unknown, want: unknown): Answer {
  return doesNotApply(orderNote(want, actual) ?? 'they cannot be compared')
}

function orderNote(want: unknown, actual: unknown): string | undefined {
  const [a, b] = [measured(actual), measured(want)]
  if (a === undefined) return `not a number${b?.unit === 'date' ? ' or date' : ''}`
  return b && compared(actual, want) === undefined ? `a ${a.unit} cannot be compared with a ${b.unit}` : undefined
}
