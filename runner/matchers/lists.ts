import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { same } from './equality.ts'
import { type Inner, isMapping, type Matcher, type Matchers, type Matching, wrong } from './matcher.ts'
import { compared } from './measure.ts'
import { shown } from './shown.ts'

/** A matcher, in a schema that has the vocabulary as a definition. */
const MATCHER = { $ref: '#/definitions/matcher' }

export const lists: Matchers = {
  length: {
    description: 'the number of items, members or characters',
    schema: MATCHER,
    test: (want, actual, _how, inner) => {
      const length = lengthOf(actual)
      return length !== undefined && inner.meets(want, length, {})
    },
    says: (want, inner) => `length ${inner.says(want)}`,
    check: checkLength,
    note: (_want, actual) => {
      const length = lengthOf(actual)
      return length === undefined ? 'it has no length' : `length ${length}`
    },
  },
  each: overList(
    'each item',
    (want, list, meets) => list.every((item) => meets(want, item)),
    (want, list, meets) => list.findIndex((item) => !meets(want, item)),
  ),
  any: overList('an item', (want, list, meets) => list.some((item) => meets(want, item))),
  none: overList(
    'no item',
    (want, list, meets) => !list.some((item) => meets(want, item)),
    (want, list, meets) => list.findIndex((item) => meets(want, item)),
  ),
  unique: ofList('no repeats', (list) => firstRepeat(list) === -1, firstRepeat),
  'all-equal': ofList(
    'equal items',
    (list) => firstOther(list) === -1,
    (list) => firstOther(list),
  ),
}

type Meets = (matcher: unknown, item: unknown) => boolean

// Over an empty list nothing is shown, so nothing holds: `length: 0` is the way to mean that.
function overList(
  word: string,
  holds: (want: unknown, list: readonly unknown[], meets: Meets) => boolean,
  culprit: (want: unknown, list: readonly unknown[], meets: Meets) => number = () => -1,
): Matcher {
  const meets = (how: Matching, inner: Inner): Meets => {
    return (matcher, item) => inner.meets(matcher, item, how)
  }
  return {
    description: `${word} meets this matcher; fails over an empty list`,
    schema: MATCHER,
    test: (want, actual, how, inner) =>
      Array.isArray(actual) && actual.length > 0 && holds(want, actual, meets(how, inner)),
    says: (want, inner) => `${word} to be ${inner.says(want)}`,
    check: (want, place, inner) => inner.check(want, place),
    shows: shownList,
    note: (want, actual, how, inner) =>
      listNote(actual, Array.isArray(actual) ? culprit(want, actual, meets(how, inner)) : -1),
  }
}

function ofList(
  word: string,
  holds: (list: readonly unknown[]) => boolean,
  culprit: (list: readonly unknown[]) => number,
): Matcher {
  return {
    description: `true: the list has ${word}; fails over an empty list`,
    schema: { type: 'boolean' },
    test: (want, actual) => Array.isArray(actual) && actual.length > 0 && holds(actual) === want,
    says: (want) => (want ? word : `other than ${word}`),
    check: (want, place) =>
      typeof want === 'boolean' ? [] : [wrong(place, 'bad-matcher', `true or false is meant here, not ${shown(want)}`)],
    shows: shownList,
    note: (want, actual) => listNote(actual, Array.isArray(actual) && want === true ? culprit(actual) : -1),
  }
}

function listNote(actual: unknown, culprit: number): string | undefined {
  if (!Array.isArray(actual)) return 'no list'
  if (actual.length === 0) return 'over an empty list nothing holds; say `length: 0` if that is meant'
  if (culprit !== -1) return `item ${culprit} is ${shown(actual[culprit])}`
  return isLong(actual) ? `the last is ${shown(actual.at(-1))}` : undefined
}

/** A long list is told by its size: what matters of it stands in the note. */
function shownList(actual: unknown): string {
  return Array.isArray(actual) && isLong(actual) ? `${actual.length} items` : shown(actual)
}

function isLong(list: readonly unknown[]): boolean {
  return shown(list).endsWith('…')
}

function firstRepeat(list: readonly unknown[]): number {
  return list.findIndex((item, index) => list.slice(0, index).some((before) => same(item, before)))
}

function firstOther(list: readonly unknown[]): number {
  return list.findIndex((item) => !same(item, list[0]))
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return [...value].length
  if (Array.isArray(value)) return value.length
  return isMapping(value) ? Object.keys(value).length : undefined
}

function checkLength(want: unknown, place: Place, inner: Inner): Finding[] {
  if (isMapping(want) && Object.keys(want).length > 0 && Object.entries(want).every(isAlwaysSo))
    return [wrong(place, 'vacuous', 'every length is that, so this can never fail', 'write {gte: 1}')]
  return inner.check(want, place)
}

function isAlwaysSo([name, value]: [string, unknown]): boolean {
  const difference = compared(value, 0)
  if (difference === undefined) return false
  return (name === 'gte' && difference <= 0) || (name === 'gt' && difference < 0)
}
