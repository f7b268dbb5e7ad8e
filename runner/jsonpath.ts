/** JSONPath (RFC 9535) over readings. */
import { type Incomplete, incomplete, isIncomplete } from './base/incomplete.ts'
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

/**
 * The known result of a path into a list whose end is missing, such as the events of an open stream: an item that is there, or
 * the items so far. Undefined when the missing items could change what the path selects.
 */
export function selectPart(path: string, { part, missing, why }: Incomplete): unknown {
  const [, first, rest = ''] = /^\$(\[\d+\]|\[\*\]|\.\*|\[\?)(.*)$/s.exec(path) ?? []
  // A filter may look at the list as a whole by `$`.
  if (!Array.isArray(part) || missing !== 'end' || first === undefined || rest.includes('$')) return undefined
  const index = /\d+/.exec(first)?.[0]
  if (index !== undefined) return Number(index) < part.length ? select(path, part) : undefined
  const selected = select(path, part)
  return isIncomplete(selected) ? selected : incomplete(why, selected as unknown[])
}

/** A field of a reading, dotted: `headers.content-type`. Header names may hold dots of their own, so the longest key wins. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name] === undefined ? ABSENT : fields[name]
  const dot = name.indexOf('.')
  if (dot === -1) return ABSENT
  const inner = fields[name.slice(0, dot)]
  if (isIncomplete(inner)) return memberOfPart(inner, name.slice(dot + 1))
  return typeof inner === 'object' && inner !== null
    ? fieldOf(inner as Record<string, unknown>, name.slice(dot + 1))
    : ABSENT
}

/** An item that is there stays, wherever the rest of the list may be. */
function memberOfPart({ part, missing, why }: Incomplete, name: string): unknown {
  const found = Array.isArray(part) && missing === 'end' ? fieldOf(part as never, name) : ABSENT
  return found === ABSENT ? incomplete(why) : found
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
