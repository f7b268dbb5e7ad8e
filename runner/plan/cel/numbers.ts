/**
 * Numbers on their way into CEL and out of it: integral ones enter as int and leave as number, so that `nonce + 1`
 * works on what JSON gives. Only what is beyond 2^53 stays a BigInt.
 */
import { anyCase, isAnyCase } from '../../base/any-case.ts'
import { hasSpelling, Spelled } from '../../base/spelling.ts'

/** Whether something with a spelling of its own has entered. */
export interface Seen {
  spelled: boolean
}

export function entering(value: unknown, seen: Seen): unknown {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Spelled || hasSpelling(value)) seen.spelled = true
  if (value instanceof Spelled) return entering(value.value, seen)
  return Array.isArray(value) ? value.map((item) => entering(item, seen)) : mappingEntering(value, seen)
}

/** What is made when it is asked for stays so: a variable may stand on others, and a service may not be up yet. */
function mappingEntering(mapping: object, seen: Seen): object {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(mapping)) {
    const property = Object.getOwnPropertyDescriptor(mapping, key)
    if (property?.get)
      Object.defineProperty(copy, key, {
        enumerable: true,
        get: () => entering(property.get?.call(mapping), seen),
      })
    else if (property?.value !== undefined) copy[key] = entering(property.value, seen)
  }
  return isAnyCase(mapping) ? anyCase(copy) : copy
}

export function leaving(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(leaving)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), leaving(item)]))
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, leaving(item)]))
  return ownKind(value)
}

/** CEL's own unsigned numbers and durations. */
function ownKind(value: object): unknown {
  const known = value.valueOf()
  if (typeof known === 'bigint') return leaving(known)
  return typeof known === 'number' ? `${known}ms` : String(value)
}
