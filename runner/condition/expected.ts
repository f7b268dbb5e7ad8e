/** What is expected of a reading, and how a reading misses it. */
import { isIncomplete } from '../base/incomplete.ts'
import { spelledAt } from '../base/spelling.ts'
import type { Miss } from '../contracts/errors.ts'
import type { Field, ProbeKind, Reading } from '../contracts/probe.ts'
import { type Place, placeAt, placeOf } from '../contracts/source.ts'
import { fieldOf, select, selectPart } from '../jsonpath.ts'
import { doesNotApply, type NoAnswer, untaken } from '../matchers/answer.ts'
import { isMapping, type Matching, type Mismatch, mismatch, says, shown } from '../matchers.ts'
import { asWritten } from './as-written.ts'

export type Plain = Readonly<Record<string, unknown>>
export type Fields = Readonly<Record<string, Field>>

/** One expectation, with the place it is written at. */
export interface Expected {
  /** A field, dotted or not, or a `$` path. */
  readonly name: string
  readonly matcher: unknown
  /** The same, in its spelling: a value that is text is compared with `1.10` and `True`. */
  readonly spelled?: unknown
  readonly place: Place
}

/** What stands beside the probe and under `expect`; what the probe means by itself where nothing does. */
export function expectedOf(plain: Plain, name: string, probe: ProbeKind, place: Place): readonly Expected[] {
  const beside = Object.entries(plain)
    .filter(([key]) => key !== name && key !== 'expect' && isField(key, probe.fields))
    .map(([key, matcher]) => ({
      name: key,
      matcher,
      spelled: spelledAt(plain, key),
      place: placeAt(place, key),
    }))
  const under = isMapping(plain['expect']) ? listed(plain['expect'], placeAt(place, 'expect')) : []
  if (beside.length + under.length > 0) return [...beside, ...under]
  return Object.entries(probe.bare ?? {}).map(([key, matcher]) => ({ name: key, matcher, place: placeAt(place, name) }))
}

/** The members of an `expect`. */
export function listed(expectations: Plain, place: Place): readonly Expected[] {
  const at = placeOf(expectations) ?? place
  return Object.entries(expectations).map(([name, matcher]) => ({
    name,
    matcher,
    spelled: spelledAt(expectations, name),
    place: placeAt(at, name),
  }))
}

/** Whether a key names a field of the reading, or a member of one. */
export function isField(key: string, fields: Fields): boolean {
  return fieldNamed(key, fields) !== undefined
}

/** The field that a dotted name starts with. */
export function fieldNamed(name: string, fields: Fields): Field | undefined {
  if (Object.hasOwn(fields, name)) return fields[name]
  const dot = name.lastIndexOf('.')
  return dot === -1 ? undefined : fieldNamed(name.slice(0, dot), fields)
}

/** An expectation that a reading does not meet, and whether the reading says no or gives no answer. */
export interface Unmet {
  readonly is: Mismatch['is']
  readonly miss: Miss
}

/** How a reading misses one expectation; undefined when it meets it. */
export function unmetBy(reading: Reading, asked: Expected, fields: Fields): Unmet | undefined {
  const { name, place } = asked
  const isPath = name.startsWith('$')
  const field = isPath ? undefined : fieldNamed(name, fields)
  const how: Matching = { text: reading.text === true || field?.type === 'text', digits: field?.digits }
  const matcher = how.text ? asWritten(asked.spelled ?? asked.matcher) : asked.matcher
  const noDocument = isPath ? withoutDocument(reading, name) : undefined
  if (noDocument)
    return { is: noDocument.is, miss: { place, path: name, expected: says(matcher), actual: noDocument.why } }
  const values = isPath ? [selectKnown(name, reading.document)] : spellings(reading, name)
  const wrongs = values.map((value) => (emptyHolds(field, matcher, value) ? undefined : mismatch(matcher, value, how)))
  // "not healthy" must be true of either spelling, "healthy" of one.
  const holds = (wrong: unknown) => wrong === undefined
  if (isNegative(matcher) ? wrongs.every(holds) : wrongs.some(holds)) return undefined
  const wrong = wrongs.findLast((one) => one !== undefined)
  const { is = 'unmet', at = [], expected = '' } = wrong ?? {}
  const actual = values.length > 1 ? values.map(shown).join(' and ') : (wrong?.actual ?? '')
  const path = field?.called ?? name
  return { is, miss: { place: placeAt(place, ...at), path, expected, actual, ...documents(matcher, values[0]) } }
}

/** Whether a field or a `$` path of a reading that is known in part is known as a whole. */
export function isKnown({ document, fields }: Reading, name: string): boolean {
  if (!name.startsWith('$')) return !isIncomplete(fieldOf(fields, name))
  if (!isIncomplete(document)) return true
  const value = selectPart(name, document)
  return value !== undefined && !isIncomplete(value)
}

function selectKnown(path: string, document: unknown): unknown {
  return isIncomplete(document) ? selectPart(path, document) : select(path, document)
}

/** The reason why a `$` path has no document to look into. */
function withoutDocument({ document, noDocument, says: said }: Reading, path: string): NoAnswer | undefined {
  if (isIncomplete(document)) return selectPart(path, document) === undefined ? untaken(document.why) : undefined
  return document === undefined ? doesNotApply(noDocument ?? `not JSON: ${said}`) : undefined
}

/** The value of a field: one, or two ways to say it (a service that runs and is healthy is both). */
function spellings(reading: Reading, name: string): readonly unknown[] {
  const value = fieldOf(reading.fields, name)
  const instead = reading.instead?.[name]
  return instead === undefined || instead === value ? [value] : [value, instead]
}

function isNegative(matcher: unknown): boolean {
  return isMapping(matcher) && 'not' in matcher
}

/** A log that could be read and is empty holds no bad line: the one list whose emptiness shows something. */
function emptyHolds(field: Field | undefined, matcher: unknown, actual: unknown): boolean {
  if (field?.emptyHolds !== true || !Array.isArray(actual) || actual.length > 0 || !isMapping(matcher)) return false
  return Object.keys(matcher).every((key) => key === 'none' || key === 'each')
}

/** Two documents or long texts are shown as a diff. */
function documents(matcher: unknown, actual: unknown): Pick<Miss, 'values'> | undefined {
  const expected = isMapping(matcher) ? matcher['equals'] : matcher
  return isLong(expected) && isLong(actual) ? { values: { expected, actual } } : undefined
}

function isLong(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || (typeof value === 'string' && value.includes('\n'))
}
