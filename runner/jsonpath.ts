/** JSONPath (RFC 9535) over readings. */
import { createRequire } from 'node:module'

/** What a singular path gives when nothing is there: no value, not even null. */
export const ABSENT = Symbol.for('shakedown.absent')

type Query = import('json-p3').JSONPathQuery
const compiled = new Map<string, Query>()

/** A singular path gives its value or ABSENT; any other gives the list of values. A document that is undefined has nothing. */
export function select(path: string, document: unknown): unknown {
  const query = compile(path)
  const values = document === undefined ? [] : query.query(document as never).values()
  if (!query.singularQuery()) return values
  return values.length === 0 ? ABSENT : values[0]
}

/** A field of a reading, dotted: `headers.content-type`. Header names may hold dots of their own, so the longest key wins. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name] ?? ABSENT
  const dot = name.indexOf('.')
  if (dot === -1) return ABSENT
  const inner = fields[name.slice(0, dot)]
  return typeof inner === 'object' && inner !== null
    ? fieldOf(inner as Record<string, unknown>, name.slice(dot + 1))
    : ABSENT
}

/** What is wrong with a path, and at which character. */
export function checkPath(path: string): { message: string; index: number } | undefined {
  try {
    compile(path)
    return undefined
  } catch (error) {
    const { message, token } = error as { message: string; token?: { index: number } }
    return { message: message.replace(/\s*\('.*$/s, ''), index: Math.min(token?.index ?? 0, path.length) }
  }
}

function compile(path: string): Query {
  const known = compiled.get(path)
  if (known) return known
  const { jsonpath } = createRequire(import.meta.url)('json-p3') as typeof import('json-p3')
  const made = jsonpath.compile(path)
  compiled.set(path, made)
  return made
}
