import { clip } from '../base/brief.ts'
import { isIncomplete } from '../base/incomplete.ts'
import { ABSENT } from '../jsonpath.ts'

const LONGEST = 120

/** A value as it is shown to people, shortened. */
export function shown(value: unknown): string {
  if (value === ABSENT) return 'absent'
  if (value === undefined) return 'nothing'
  if (isIncomplete(value)) return value.part === undefined ? 'not known' : shown(value.part)
  return clip(jsonOf(value), LONGEST)
}

/** The same for words of a matcher, which read better without quotes: `at least 30s`. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value : shown(value)
}

/** The type of a value, in the words of `type:`. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'object' ? 'mapping' : typeof value
}

/** JSON with every digit of large integers. */
function jsonOf(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  const large: string[] = []
  const json = JSON.stringify(value, (_key, item) =>
    typeof item === 'bigint' ? `\u0001${large.push(String(item))}` : item,
  )
  return (json ?? String(value)).replace(/"\\u0001(\d+)"/g, (_, index) => large[Number(index) - 1] ?? '')
}
