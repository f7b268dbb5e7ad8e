/** JSONPath (RFC 9535) over readings. */
import { incomplete } from './base/incomplete.ts'
import { compile } from './jsonpath/compile.ts'

/** What a singular path gives when nothing is there: no value, not even null. */
export const ABSENT = Symbol.for('shakedown.absent')

/**
 * A singular path gives its value or ABSENT; any other gives the list of values. A document that is undefined has nothing. An
 * incomplete value where it could not be told, such as for a pattern that is too costly.
 */
export function select(path: string, document: unknown): unknown {
  const query = compile(path)
  try {
    const values = document === undefined ? [] : query.query(document as never).values()
    if (!query.singularQuery()) return values
    return values.length === 0 ? ABSENT : values[0]
  } catch (error) {
    const { name, message } = error as Error
    const isDeep = error instanceof RangeError || name === 'JSONPathRecursionLimitError'
    return incomplete(isDeep ? 'the document is nested too deep' : message)
  }
}

/** A field of a reading, dotted: `headers.content-type`. Header names may hold dots of their own, so the longest key wins. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name] === undefined ? ABSENT : fields[name]
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
    const said = message.replace(/\s*\('[^\n]*:\d+\)$/s, '')
    return { message: said, index: Math.max(0, Math.min(token?.index ?? 0, path.length - 1)) }
  }
}

/** Names and indexes of a path that leads to one place; undefined when it may lead to several. Throws for a bad path. */
export function singularPath(path: string): (string | number)[] | undefined {
  const query = compile(path)
  if (!query.singularQuery()) return undefined
  return query.segments.map(({ selectors }) => {
    const [only] = selectors as unknown as { readonly name?: string; readonly index?: number }[]
    return only?.name ?? only?.index ?? 0
  })
}

/** Where in a document a path leads to, each as names and indexes. */
export function locations(path: string, document: unknown): (string | number)[][] {
  return compile(path)
    .query(document as never)
    .locations()
}
