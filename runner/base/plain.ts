/** The one place where what a library returns becomes plain values. */
import { isIncomplete } from './incomplete.ts'

const DEEPEST = 1_000

/**
 * The value in terms of JSON, with integers beyond 2^53 as bigint. Dates become ISO 8601 text, and dates of TOML without a zone or
 * time stay so; sets become lists, bytes become base64, and numbers that JSON lacks become `NaN`, `Infinity` and
 * `-Infinity` as text. Throws an Error for a value that holds itself.
 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new Error('it is nested too deeply, or holds itself')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (value === undefined) return null
  return typeof value === 'object' && value !== null ? plainObject(value, depth + 1) : value
}

function plainObject(value: object, depth: number): unknown {
  if (isIncomplete(value)) return value
  if (value instanceof Date) return dateText(value)
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  if (value instanceof Uint8Array || value instanceof DataView)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (ArrayBuffer.isView(value)) return plainList(value as unknown as Iterable<unknown>, depth)
  if (Array.isArray(value) || value instanceof Set) return plainList(value, depth)
  if (value instanceof Map) return plainMapping(value, depth)
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    return plainValue(value.valueOf(), depth)
  if ('toJSON' in value && typeof value.toJSON === 'function') return plainValue(value.toJSON(), depth)
  return plainMapping(Object.entries(value), depth)
}

function plainList(items: Iterable<unknown>, depth: number): unknown[] {
  return Array.from(items, (item) => plainValue(item, depth))
}

function plainMapping(entries: Iterable<readonly [unknown, unknown]>, depth: number): object {
  return Object.fromEntries(Array.from(entries, ([key, item]) => [keyText(key), plainValue(item, depth)]))
}

function keyText(key: unknown): string {
  const plain = plainValue(key)
  return typeof plain === 'object' ? JSON.stringify(plain) : String(plain)
}

/** A date of the TOML reader is a kind of its own, which tells a fraction of zero that nobody wrote. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return 'Invalid Date'
  const text = date.toISOString()
  return date.constructor === Date ? text : text.replace(/\.000(?=$|[Z+-])/, '')
}
