import { Spelled, spelledAt } from './spelling.ts'

type Raw = (text: string) => unknown
const { rawJSON } = JSON as unknown as { rawJSON: Raw }

/**
 * JSON text of a plain value with every digit: integers of any size, and numbers as they were written (`1.10`) where
 * JSON allows that spelling.
 */
export function exactJson(value: unknown, indent?: number | string): string {
  return JSON.stringify(value, exactly, indent) ?? 'null'
}

function exactly(this: unknown, key: string, item: unknown): unknown {
  const known = typeof item === 'number' && typeof this === 'object' && this !== null ? spelledAt(this, key) : item
  const scalar = known instanceof Spelled ? known.value : known
  if (known instanceof Spelled && typeof scalar !== 'string' && JSON_NUMBER.test(known.text)) return rawJSON(known.text)
  return typeof scalar === 'bigint' ? rawJSON(String(scalar)) : scalar
}

/** RFC 8259, section 6. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
