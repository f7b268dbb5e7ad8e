/** The expectation for a text: a number or boolean of the plan means the text that it is written as. */
import { Spelled, spelledEntries } from '../base/spelling.ts'

const OF_MATCHERS: ReadonlySet<string> = new Set(['not', 'each', 'any', 'none'])
const OF_VALUES: ReadonlySet<string> = new Set([
  'equals',
  'one-of',
  'contains',
  'starts-with',
  'ends-with',
  'same-items',
])

/** The matcher with its scalars as they are written; numbers of `length`, `gt` and others stay numbers. */
export function asWritten(matcher: unknown): unknown {
  if (matcher instanceof Spelled) return matcher.text
  if (typeof matcher !== 'object' || matcher === null) return matcher
  if (Array.isArray(matcher)) return valueAsWritten(matcher)
  return mapped(matcher, (name, item) => {
    if (OF_MATCHERS.has(name)) return asWritten(item)
    if (OF_VALUES.has(name)) return valueAsWritten(item)
    return item instanceof Spelled ? item.value : item
  })
}

function valueAsWritten(value: unknown): unknown {
  if (value instanceof Spelled) return value.text
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value)
    ? spelledEntries(value).map(([, item]) => valueAsWritten(item))
    : mapped(value, (_, item) => valueAsWritten(item))
}

function mapped(value: object, item: (key: string, item: unknown) => unknown): unknown {
  return Object.fromEntries(spelledEntries(value).map(([key, one]) => [key, item(key, one)]))
}
