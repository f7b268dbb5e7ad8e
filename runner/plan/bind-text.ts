/** Scalars where the schema of a place wants text: spelled as they were written, and never null. */
import { Spelled, spelledEntries } from '../base/spelling.ts'
import { asText, expressionsIn, ValueError, whyNoText } from './values.ts'
import type { AnySchema } from './walk.ts'

interface Schema {
  readonly 'x-is'?: string
  readonly type?: string | readonly string[]
  readonly items?: object
}

/** A place that takes a text, or a scalar that is meant as one, and no number of its own. */
export function wantsText(schema: AnySchema): boolean {
  const { 'x-is': is, type = [] } = (schema ?? {}) as Schema
  if (is === 'text') return true
  const types = [type].flat()
  return is !== 'expression' && types.includes('string') && !types.some((one) => TYPED.has(one))
}

const TEXT = { type: 'string' }
const TYPED: ReadonlySet<string> = new Set(['number', 'integer', 'boolean', 'null'])

/**
 * The text of a scalar, and of each item where a list may stand; other lists and mappings stay what they are, since the schema tells of them. `plain` is what the plan
 * says. Throws a ValueError for null, a list of rounds, and a NUL where none can be sent.
 */
export function textIn(schema: AnySchema, value: unknown, plain: unknown): unknown {
  const { 'x-is': is, type = [], items = TEXT } = (schema ?? {}) as Schema
  if (Array.isArray(value) && [type].flat().includes('array'))
    return spelledEntries(value).map(([, item]) => textIn(items, item, plain))
  if (value === null && [type].flat().includes('null')) return null
  const why = whyNoText(value, written(plain)) ?? (is === undefined ? undefined : whyNotSent(value))
  if (why) throw new ValueError(why, 0, typeof plain === 'string' ? plain.length : 1)
  return typeof value === 'object' && !(value instanceof Spelled) ? value : asText(value)
}

/** A name, URL, header, variable or word of a command ends at a NUL, or is refused by the system. */
function whyNotSent(value: unknown): string | undefined {
  return typeof value === 'string' && value.includes('\0')
    ? 'it holds a NUL character, which cannot stand here'
    : undefined
}

function written(plain: unknown): string {
  const [only] = typeof plain === 'string' ? expressionsIn(plain) : []
  return only?.source ?? 'this'
}
