import { exactJson } from '../../base/exact-json.ts'
import { Spelled, spelledAt, unspelled } from '../../base/spelling.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { ValueError } from '../value-error.ts'
import { type Compiled, celError, compile, type Node } from './compile.ts'
import { isNode, namesIn, plainPath } from './names.ts'
import { entering, leaving, type Seen } from './numbers.ts'
import { spelledResult } from './spelled.ts'

/** Roots (`inputs`, `services`, …) and, bare, what was captured. */
export type Names = Readonly<Record<string, unknown>>

/** Evaluates CEL. Throws a ValueError that names what exists, where a name does not. */
export function evaluate(source: string, names: Names): unknown {
  return unspelled(evaluateSpelled(source, names))
}

/** The same; a scalar that is spelled unusually is a `Spelled`. */
export function evaluateSpelled(source: string, names: Names): unknown {
  const plain = plainPath(source)
  return plain ? memberOf(plain, source, names) : evaluateCel(compile(source), source, names)
}

function memberOf(path: readonly string[], source: string, names: Names): unknown {
  const [root = '', ...members] = path
  let value = nameOf(root, 0, names)
  let at = root.length
  for (const member of members) {
    const start = at + 1
    at = start + member.length
    if (!isHolder(value) || !Object.hasOwn(value, member))
      throw new ValueError(lacking(source.slice(0, start - 1), value, member), start, at)
    value = spelledAt(value, member)
  }
  return value
}

function nameOf(root: string, start: number, names: Names): unknown {
  if (Object.hasOwn(names, root) && names[root] !== undefined) return names[root]
  const hint = didYouMean(root, Object.keys(names))
  throw new ValueError(`nothing is named "${root}" here; ${hint}`, start, start + root.length)
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Spelled)
}

function lacking(what: string, value: unknown, member: string): string {
  if (Array.isArray(value)) return `${what} is a list and has no "${member}"`
  if (!isHolder(value)) return `${what} has no "${member}"; it is ${exactJson(value)}`
  const keys = Object.keys(value)
  return `${what} has no "${member}"; ${keys.length === 0 ? 'it is empty' : didYouMean(member, keys)}`
}

function evaluateCel(compiled: Compiled, source: string, names: Names): unknown {
  try {
    const seen: Seen = { spelled: false }
    const value = leaving(compiled.run(contextFor(compiled, names, seen)))
    return seen.spelled ? withSpelling(value, compiled, source, names) : value
  } catch (error) {
    if (error instanceof ValueError) throw error
    throw missingKey(error, compiled, source, names) ?? celError(error, source)
  }
}

function contextFor({ ast }: Compiled, names: Names, seen: Seen): Record<string, unknown> {
  return Object.fromEntries(namesIn(ast).map(({ root, start }) => [root, entering(nameOf(root, start, names), seen)]))
}

function withSpelling(value: unknown, { ast }: Compiled, source: string, names: Names): unknown {
  try {
    return spelledResult(ast, source, (part) => evaluateSpelled(part, names)) ?? value
  } catch {
    // A part of an expression may not stand on its own: its value is still right.
    return value
  }
}

/** CEL says which key is missing; this says what there is instead. */
function missingKey(error: unknown, { ast }: Compiled, source: string, names: Names): ValueError | undefined {
  const { code, summary = '', range } = error as { code?: string; summary?: string; range?: { end: number } }
  if (code !== 'no_such_key' || range === undefined) return undefined
  const [, key = ''] = /^No such key: (.*)$/.exec(summary) ?? []
  const node = find(ast, (one) => (one.op === '.' || one.op === '[]') && one.end === range.end)
  const of = (node?.args as unknown[] | undefined)?.[0]
  if (!isNode(of) || /index/.test(key)) return undefined
  const what = source.slice(of.start, of.end)
  try {
    const start = node?.op === '.' ? range.end - key.length : of.end + 1
    return new ValueError(lacking(what, evaluate(what, names), key), start, range.end)
  } catch {
    // A name that a macro binds has no value out here.
    return undefined
  }
}

function find(node: Node, is: (node: Node) => boolean): Node | undefined {
  for (const arg of [node.args].flat(3)) {
    const found = isNode(arg) ? find(arg, is) : undefined
    if (found) return found
  }
  return is(node) ? node : undefined
}
