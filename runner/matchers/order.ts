import { isExpression, isMapping, type Matcher, type Matchers, wrong } from './matcher.ts'
import { compared, distance, measured } from './measure.ts'
import { plain, shown } from './shown.ts'

const UNITS = 'give a number, a duration (30s), a size (10MiB), a rate (1MB/h) or a percentage'

export const order: Matchers = {
  gt: ordering('more than', (difference) => difference > 0),
  gte: ordering('at least', (difference) => difference >= 0),
  lt: ordering('less than', (difference) => difference < 0),
  lte: ordering('at most', (difference) => difference <= 0),
  between: {
    description: 'not below the first and not above the second',
    schema: { type: ['array', 'string'], minItems: 2, maxItems: 2 },
    test: (want, actual) => {
      const [low, high] = want as [unknown, unknown]
      return (compared(actual, low) ?? -1) >= 0 && (compared(actual, high) ?? 1) <= 0
    },
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
    note: (_want, actual) => unordered(actual),
  },
  'close-to': {
    description: 'no further from `value` than `within`',
    schema: { type: 'object', required: ['value', 'within'], properties: { value: {}, within: {} } },
    test: (want, actual) => {
      const { value, within } = want as { value: unknown; within: unknown }
      const apart = distance(actual, value)
      const most = measured(within)
      return apart !== undefined && most !== undefined && apart <= Number(most.amount)
    },
    says: (want) => {
      const { value, within } = want as { value: unknown; within: unknown }
      return `within ${plain(within)} of ${plain(value)}`
    },
    check: (want, place) =>
      isMapping(want) && Object.keys(want).sort().join() === 'value,within' && Object.values(want).every(isMeasure)
        ? []
        : [wrong(place, 'bad-matcher', '`close-to` takes {value, within}', 'write {value: 10, within: 2}')],
    note: (_want, actual) => unordered(actual),
  },
}

function ordering(word: string, holds: (difference: number) => boolean): Matcher {
  return {
    description: `${word} this; text is read as a number, duration, size, rate or percentage`,
    schema: { type: ['number', 'string'] },
    test: (want, actual) => {
      const difference = compared(actual, want)
      return difference !== undefined && holds(difference)
    },
    says: (want) => `${word} ${plain(want)}`,
    check: (want, place) =>
      isMeasure(want) ? [] : [wrong(place, 'bad-matcher', `${shown(want)} can't be ordered`, UNITS)],
    note: (_want, actual) => unordered(actual),
  }
}

function isMeasure(value: unknown): boolean {
  return isExpression(value) || measured(value) !== undefined
}

function unordered(actual: unknown): string | undefined {
  return measured(actual) === undefined ? 'no number' : undefined
}
