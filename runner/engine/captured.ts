/** How captures are written, and what one finds in a reading. */
import type { CommonKeys } from '../contracts/plan.ts'
import type { Reading } from '../contracts/probe.ts'
import { ABSENT, fieldOf, select } from '../jsonpath.ts'

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

/** ABSENT when there is nothing. */
export function capturedFrom(reading: Reading, spec: CaptureSpec): unknown {
  const value = spec.from.startsWith('$') ? select(spec.from, reading.document) : fieldOf(reading.fields, spec.from)
  if (value === ABSENT || spec.matches === undefined) return value
  const found = new RegExp(spec.matches).exec(typeof value === 'string' ? value : JSON.stringify(value))
  return found === null ? ABSENT : (found[1] ?? found[0])
}

/** The same without a word when there is nothing, or the reading can't be looked into. */
export function found(reading: Reading, spec: CaptureSpec): unknown {
  try {
    const value = capturedFrom(reading, spec)
    return value === ABSENT ? undefined : value
  } catch {
    return undefined
  }
}
