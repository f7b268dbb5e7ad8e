import { incomplete } from '../base/incomplete.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { type Answer, doesNotApply, every, not, some, untaken } from './answer.ts'
import { equal, same } from './equality.ts'
import { type Inner, isMapping, type Matcher, type Matchers, type Matching, wrong } from './matcher.ts'
import { compared } from './measure.ts'
import { shown, typeOf } from './shown.ts'

/** A matcher, in a schema that has the vocabulary as a definition. */
const MATCHER = { $ref: '#/definitions/matcher' }

export const lists: Matchers = {
  length: {
    description: 'the number of items, members or characters',
    schema: MATCHER,
    test: (want, actual, _how, inner) => {
      const length = lengthOf(actual)
      return length === undefined ? doesNotApply(`a ${typeOf(actual)} has no length`) : inner.judge(want, length, {})
    },
    testPart: (want, { part, missing, why }, _how, inner) =>
      part === undefined || missing === 'inside'
        ? untaken(why)
        : inner.judge(want, incomplete(why, lengthOf(part)), {}),
    says: (want, inner) => `length ${inner.says(want)}`,
    check: checkLength,
    note: (_want, actual) => {
      const length = lengthOf(actual)
      return length === undefined ? 'it has no length' : `length ${length}`
    },
  },
  each: overList('each item', every, false, { culprit: false }),
  any: overList('an item', some, true, {}),
  none: overList('no item', (list, judge) => not(some(list, judge)), false, { culprit: true }),
  unique: ofList('no repeats', firstRepeat),
  'all-equal': ofList('equal items', firstOther),
  'same-items': {
    description: 'a list with these items, in any order',
    schema: { type: ['array', 'string'] },
    test: (want, actual, how) =>
      Array.isArray(actual)
        ? actual.length === (want as unknown[]).length && unmatched(want as unknown[], actual, how).length === 0
        : doesNotApply(`a ${typeOf(actual)} is not a list`),
    testPart: (want, { part, missing, why }, how) =>
      Array.isArray(part) && missing !== 'inside' && unmatched(part, want as unknown[], how).length > 0
        ? false
        : untaken(why),
    says: (want) => `the items ${shown(want)}, in any order`,
    check: (want, place) =>
      Array.isArray(want) ? [] : [wrong(place, 'bad-matcher', '`same-items` takes a list', 'write [a, b]')],
    note: (want, actual, how) => (Array.isArray(actual) ? itemsNote(want as unknown[], actual, how) : 'not a list'),
  },
}

const EMPTY = 'over an empty list nothing holds; say `length: 0` if that is meant'

/** `decisive`: the answer that one item is enough for, so that more items do not change it. */
function overList(
  word: string,
  judgeAll: (list: readonly unknown[], judge: (item: unknown) => Answer) => Answer,
  decisive: boolean,
  { culprit }: { readonly culprit?: boolean },
): Matcher {
  const judgeList = (want: unknown, list: readonly unknown[], how: Matching, inner: Inner) =>
    judgeAll(list, (item) => inner.judge(want, item, how))
  return {
    description: `${word} meets this matcher; fails over an empty list`,
    schema: MATCHER,
    test: (want, actual, how, inner) => ofItems(actual, (list) => judgeList(want, list, how, inner)),
    testPart: (want, { part, why }, how, inner) =>
      Array.isArray(part) && judgeList(want, part, how, inner) === decisive ? decisive : untaken(why),
    says: (want, inner) => `${word} to be ${inner.says(want)}`,
    check: (want, place, inner) => inner.check(want, place),
    shows: shownList,
    note: (want, actual, how, inner) =>
      listNote(actual, (list) =>
        culprit === undefined ? -1 : culpritIn(list, (item) => inner.judge(want, item, how), culprit),
      ),
  }
}

/** The first item whose answer decides against the matcher; else the first that gives none. */
function culpritIn(list: readonly unknown[], judge: (item: unknown) => Answer, culprit: boolean): number {
  let open = -1
  for (const [index, item] of list.entries()) {
    const answer = judge(item)
    if (answer === culprit) return index
    if (typeof answer !== 'boolean' && open === -1) open = index
  }
  return open
}

/** `firstOffender`: the index of an item that shows that the list has not got the quality; -1 when it has. */
function ofList(word: string, firstOffender: (list: readonly unknown[]) => number): Matcher {
  return {
    description: `true: the list has ${word}; fails over an empty list`,
    schema: { type: 'boolean' },
    test: (want, actual) => ofItems(actual, (list) => (firstOffender(list) === -1) === want),
    testPart: (want, { part, why }) =>
      Array.isArray(part) && firstOffender(part) !== -1 ? want === false : untaken(why),
    says: (want) => (want ? word : `other than ${word}`),
    check: (want, place) =>
      typeof want === 'boolean' ? [] : [wrong(place, 'bad-matcher', `true or false is meant here, not ${shown(want)}`)],
    shows: shownList,
    note: (want, actual) => listNote(actual, (list) => (want === true ? firstOffender(list) : -1)),
  }
}

/** Over an empty list nothing is shown, so nothing holds: `length: 0` is the way to mean that. */
function ofItems(actual: unknown, judge: (list: readonly unknown[]) => Answer): Answer {
  if (!Array.isArray(actual)) return doesNotApply(`a ${typeOf(actual)} is not a list`)
  return actual.length === 0 ? doesNotApply(EMPTY) : judge(actual)
}

/** The items that have no partner in the other list. */
function unmatched(items: readonly unknown[], others: readonly unknown[], how: Matching): unknown[] {
  const free = [...others]
  return items.filter((item) => {
    const index = free.findIndex((other) => equal(item, other, how) || equal(other, item, how))
    if (index !== -1) free.splice(index, 1)
    return index === -1
  })
}

function itemsNote(want: readonly unknown[], actual: readonly unknown[], how: Matching): string {
  const [missing, surplus] = [unmatched(want, actual, how), unmatched(actual, want, how)]
  const parts = [
    missing.length > 0 ? `missing ${shown(missing)}` : '',
    surplus.length > 0 ? `more than asked for: ${shown(surplus)}` : '',
  ]
  return parts.filter(Boolean).join('; ')
}

function listNote(actual: unknown, find: (list: readonly unknown[]) => number): string | undefined {
  if (!Array.isArray(actual)) return 'not a list'
  if (actual.length === 0) return EMPTY
  const culprit = find(actual)
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
  const seen = new Set<string>()
  return list.findIndex((item) => {
    const key = keyOf(item)
    if (seen.has(key)) return true
    seen.add(key)
    return false
  })
}

/** The same text for equal values, whatever the order of their members. */
function keyOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`
  if (!isMapping(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  const members = Object.keys(value).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${keyOf(value[key])}`).join()}}`
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
