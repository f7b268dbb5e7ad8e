/** JSON text → plain values, with every digit of integers beyond 2^53, and marked with the spelling of numbers such as `1.10`. The way back is `exact-json.ts`. */
import { type Incomplete, incomplete } from './incomplete.ts'
import { jsonFault } from './json-fault.ts'
import { checkMembers } from './json-members.ts'
import { setSpelled, spelled } from './spelling.ts'

/** A document, or why there is none: `not JSON: line 1, column 7: NaN is not a JSON value`. */
export type JsonRead =
  | { readonly document: unknown; readonly noDocument?: undefined }
  | { readonly noDocument: string; readonly document?: undefined }

/**
 * Reads JSON text (RFC 8259). A byte order mark at the start is dropped. The document is incomplete for valid JSON that readers
 * understand in different ways (a key twice in one object) or that is nested too deeply.
 */
export function readJson(text: string): JsonRead {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  if (json.trim() === '') return { noDocument: 'not JSON: it is empty' }
  try {
    const document = JSON.parse(json)
    const why = checkMembers(json, document)
    if (why !== undefined) return { document: incomplete(why) }
    return { document: UNUSUAL.test(json) ? JSON.parse(json, exactly as Reviver) : document }
  } catch (error) {
    if (error instanceof RangeError) return { document: tooDeep() }
    return { noDocument: `not JSON: ${jsonFault(json)}` }
  }
}

/** Only numbers of 16 digits and more lose some of them; `1.10` and `1e3` are spelled otherwise than their values. */
const UNUSUAL = /\d{16}|[:,[\s]-?\d+(?:\.\d*0|(?:\.\d+)?[eE][+-]?\d+)(?=[\s,\]}])/
type Reviver = (key: string, value: unknown) => unknown

function exactly(this: object, key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value
  if (/^-?\d+$/.test(source) && !Number.isSafeInteger(value)) return BigInt(source)
  setSpelled(this, key, spelled(value, source))
  return value
}

function tooDeep(): Incomplete {
  return incomplete('the JSON document is nested too deeply to be read')
}
