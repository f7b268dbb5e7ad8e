/** Reads numbers and units, for ordering matchers alone: `equals` never converts. */
import { parseDuration, parseRate, parseSize } from '../contracts/units.ts'

type Unit = 'number' | 'duration' | 'size' | 'rate' | 'percentage' | 'date' | 'date without a time zone'

export interface Measure {
  readonly amount: number | bigint
  readonly unit: Unit
}

/**
 * A number, or text that is one: with a unit in ms, bytes, bytes a second or per cent; a date in ms since 1970. Undefined for anything
 * else.
 */
export function measured(value: unknown): Measure | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return { amount: value, unit: 'number' }
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (/^[+-]?\d+$/.test(text)) return { amount: exact(text), unit: 'number' }
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return { amount: Number(text), unit: 'number' }
  const percent = /^([+-]?\d+(?:\.\d+)?)\s?%$/.exec(text)?.[1]
  if (percent !== undefined) return { amount: Number(percent), unit: 'percentage' }
  return (
    dateOf(text) ??
    withUnit(parseDuration(text), 'duration') ??
    withUnit(parseSize(text), 'size') ??
    withUnit(parseRate(text), 'rate')
  )
}

/** Below, at or above 0; undefined when the two can't be ordered, such as a duration and a size. */
export function compared(actual: unknown, want: unknown): number | undefined {
  const [a, b] = [measured(actual), measured(want)]
  if (!a || !b || !comparable(a, b)) return undefined
  // Operators compare a number with a bigint exactly; a difference would not.
  return a.amount < b.amount ? -1 : a.amount > b.amount ? 1 : 0
}

/** How far apart two values are; undefined when they can't be compared. */
export function distance(actual: unknown, want: unknown): number | undefined {
  const [a, b] = [measured(actual), measured(want)]
  if (!a || !b || !comparable(a, b)) return undefined
  if (typeof a.amount === 'bigint' && typeof b.amount === 'bigint') return Math.abs(Number(a.amount - b.amount))
  return Math.abs(Number(a.amount) - Number(b.amount))
}

/** A bare number has the unit of the other value: durations are read in ms, sizes in bytes. A date compares with dates only. */
function comparable(a: Measure, b: Measure): boolean {
  if (a.unit === b.unit) return true
  return (a.unit === 'number' && !b.unit.startsWith('date')) || (b.unit === 'number' && !a.unit.startsWith('date'))
}

const ISO_DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?)?$/i
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/** RFC 3339, with a blank for the T too, and HTTP dates (RFC 9110, 5.6.7). A day alone is its midnight in UTC. */
function dateOf(text: string): Measure | undefined {
  const iso = ISO_DATE.exec(text)
  if (!iso && !HTTP_DATE.test(text)) return undefined
  // JavaScript takes 30 February for a day of March.
  if (iso && !isDay(text)) return undefined
  const isLocal = iso?.[1] !== undefined && iso[5] === undefined
  const spelled = iso ? text.toUpperCase().replace(' ', 'T').replaceAll(' ', '') : text
  const time = Date.parse(isLocal ? `${spelled}Z` : spelled)
  if (Number.isNaN(time)) return undefined
  return { amount: time, unit: isLocal ? 'date without a time zone' : 'date' }
}

function isDay(text: string): boolean {
  const day = text.slice(0, 10)
  return new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(8))
}

function exact(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text.replace(/^\+/, ''))
}

function withUnit(amount: number | undefined, unit: Unit): Measure | undefined {
  return amount === undefined ? undefined : { amount, unit }
}
