/** The questions as asked, with their values filled in: a failure shows them beside its expectations. */
import { clip } from '../base/brief.ts'
import type { Redactor } from '../base/redact/redactor.ts'
import { Spelled } from '../base/spelling.ts'
import type { AskedAt } from '../contracts/errors.ts'
import type { Asked } from '../contracts/events.ts'
import { type Place, placeOf } from '../contracts/source.ts'
import type { Filled } from '../plan/filled.ts'
import { evaluate, expressionsIn, type Names, namesUsed } from '../plan/values.ts'

/** Longest text of one value in an event. */
const LONGEST = 4_000
const HIDDEN = '‹secret›'

/** A step as it was written, and what its expressions came to. */
export interface FilledIn {
  readonly raw: object
  readonly names: Names
  readonly filled: Filled
}

/** Each reading with the expressions of its own condition. */
export function withValues(asked: readonly AskedAt[], step: FilledIn | undefined, redactor: Redactor): Asked[] {
  return asked.flatMap(({ text, place, inWords }) => {
    const values = step === undefined ? {} : valuesIn(step, place, redactor)
    if (inWords && Object.keys(values).length === 0) return []
    return [{ text: shortened(redactor.text(text)), values }]
  })
}

function valuesIn({ raw, names, filled }: FilledIn, place: Place | undefined, redactor: Redactor) {
  const texts = new Set(textsIn(nodeAt(raw, place) ?? raw))
  const values: Record<string, unknown> = {}
  for (const [source, value] of filled) {
    if (!isIn(source, texts)) continue
    const used = namesUsed(source)
    for (const { start, end, root } of used) {
      const name = source.slice(start, end)
      if (name === source) values[name] = plain(root === 'secrets' ? HIDDEN : value, redactor)
      else if (root !== 'secrets') Object.assign(values, namedValue(name, names, redactor))
      else values[name] = HIDDEN
    }
    // Any form of a secret is a secret, too. The reading shows a flag's own value.
    const isComputed = !used.some(({ root, start, end }) => root === 'secrets' || source.slice(start, end) === source)
    if (isComputed && typeof value !== 'boolean') values[source] = plain(value, redactor)
  }
  return values
}

/** A name that a macro binds, or one that is gone by now, has no value. */
function namedValue(name: string, names: Names, redactor: Redactor): Record<string, unknown> {
  try {
    return { [name]: plain(evaluate(name, names), redactor) }
  } catch {
    return {}
  }
}

/** The place of a condition in its step: the keys that lead to it. */
function nodeAt(raw: object, place: Place | undefined): unknown {
  const from = placeOf(raw)
  if (place === undefined || from?.file !== place.file || place.path.length < from.path.length) return undefined
  let node: unknown = raw
  for (const key of place.path.slice(from.path.length)) node = (node as Record<string, unknown> | undefined)?.[key]
  return node
}

function* textsIn(node: unknown): Generator<string> {
  if (typeof node === 'string') yield node
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    if (key.includes('${{')) yield key
    yield* textsIn(value)
  }
}

function isIn(source: string, texts: ReadonlySet<string>): boolean {
  for (const text of texts) {
    if (text.trim() === source) return true
    if (text.includes('${{') && expressionsIn(text).some((one) => one.source === source)) return true
  }
  return false
}

/** Plain JSON without secrets: a number may be one, too. */
function plain(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return shortened(redactor.text(value))
  if (value instanceof Spelled) return redactor.text(value.text)
  if (value === null || typeof value !== 'object') return scalar(value, redactor)
  const text = JSON.stringify(value, (_key, item) => scalar(item, redactor))
  const masked = redactor.text(text)
  return masked.length > LONGEST ? shortened(masked) : JSON.parse(text)
}

function scalar(value: unknown, redactor: Redactor): unknown {
  if (typeof value !== 'number' && typeof value !== 'bigint') return value
  const text = String(value)
  const masked = redactor.text(text)
  return masked !== text || typeof value === 'bigint' ? masked : value
}

function shortened(text: string): string {
  return clip(text, LONGEST, (missing) => ` (${missing} more characters)`)
}
