/** How captures are written, and what one finds in a reading. */
import { type Incomplete, isIncomplete } from '../base/incomplete.ts'
import { compilePattern } from '../base/pattern.ts'
import { spelledAt } from '../base/spelling.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Reading } from '../contracts/probe.ts'
import { ABSENT, fieldOf, select, selectPart, singularPath } from '../jsonpath.ts'
import { asText } from '../plan/values.ts'

/** A field or `$` path, or that with more. */
export interface CaptureSpec {
  readonly from: string
  readonly matches?: string
  readonly default?: unknown
  readonly secret?: boolean
}

export function capturesOf({ capture = {} }: CommonKeys): [name: string, spec: CaptureSpec][] {
  return Object.entries(capture).map(([name, said]) => [
    name,
    typeof said === 'string' ? { from: said } : (said as CaptureSpec),
  ])
}

/** The reason why there is nothing to keep. A default replaces an absent value, but not one that could not be read. */
export class Nothing {
  readonly why: string
  readonly isAbsent: boolean

  constructor(why: string, { isAbsent }: { readonly isAbsent: boolean }) {
    this.why = why
    this.isAbsent = isAbsent
  }
}

const absent = (why: string) => new Nothing(why, { isAbsent: true })
const unread = (why: string) => new Nothing(why, { isAbsent: false })

/** The value that a capture keeps, or the reason why it keeps nothing. */
export function capturedFrom(reading: Reading, { from, matches }: CaptureSpec): unknown {
  const value = from.startsWith('$') ? selected(from, reading) : fieldAt(from, reading)
  if (value instanceof Nothing) return value
  if (isIncomplete(value))
    return matches === undefined ? unread(`${from}: ${value.why}`) : foundInPart(from, value, matches)
  return matches === undefined ? value : found(from, asText(value), matches)
}

function selected(path: string, reading: Reading): unknown {
  const { document, noDocument, says } = reading
  if (isIncomplete(document)) {
    const known = selectPart(path, document)
    return known === undefined || isIncomplete(known)
      ? (known ?? document)
      : selected(path, { ...reading, document: document.part })
  }
  if (document === undefined) return absent(`${path} needs a document: ${noDocument ?? `not JSON: ${says}`}`)
  const value = select(path, document)
  if (value === ABSENT) return absent(`${path} is absent`)
  const keys = singularPath(path) ?? []
  const last = keys.at(-1)
  if (typeof value === 'object' || last === undefined) return value
  // In the spelling of the document: the number 1.10 is a version more often than not.
  const holder = keys
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string | number, unknown>)?.[key], document)
  return typeof holder === 'object' && holder !== null && Object.hasOwn(holder, last) ? spelledAt(holder, last) : value
}

function fieldAt(name: string, { fields }: Reading): unknown {
  const value = fieldOf(fields, name)
  if (value === ABSENT) return absent(`${name} is absent`)
  return Object.hasOwn(fields, name) ? spelledAt(fields, name) : value
}

/** The first group of the pattern, else all that it matches. */
function found(from: string, text: string, source: string): unknown {
  const pattern = compilePattern(source)
  const costly = pattern.tooCostly(text)
  if (costly !== undefined) return unread(`${from}: ${costly}`)
  const match = pattern.find(text)
  if (match === undefined) return absent(`${from} does not match /${source}/`)
  if (match.groups.length === 1) return match.groups[0]
  return match.groups[1] ?? absent(`${from} matches /${source}/, but its first group took no part`)
}

/** A find well before the missing part is the same in the whole text. */
function foundInPart(from: string, { why, part, missing }: Incomplete, source: string): unknown {
  if (typeof part !== 'string' || missing === 'start') return unread(`${from}: ${why}`)
  const known = missing === 'inside' ? part.slice(0, part.indexOf('\ufffd')) : part
  const match = compilePattern(source).tooCostly(known) === undefined ? compilePattern(source).find(known) : undefined
  return match !== undefined && match.end < known.length ? found(from, known, source) : unread(`${from}: ${why}`)
}

/** True if the missing parts of a reading do not change the captures. */
export function capturesKnown(common: CommonKeys, reading: Reading): boolean {
  return capturesOf(common).every(([, spec]) => {
    const value = capturedFrom(reading, spec)
    return !(value instanceof Nothing) || value.isAbsent
  })
}

/** The same without a word when there is nothing, or the reading can't be looked into. */
export function knownOf(reading: Reading, spec: CaptureSpec): unknown {
  try {
    const value = capturedFrom(reading, spec)
    return value instanceof Nothing ? undefined : value
  } catch {
    return undefined
  }
}
