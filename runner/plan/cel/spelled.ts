/** The result of an expression in the spelling it was written with: CEL itself knows values alone. */
import { Spelled, spelledAt } from '../../base/spelling.ts'
import type { Node } from './compile.ts'
import { isNode } from './names.ts'

/** Evaluates a part of the source. */
type Evaluate = (source: string) => unknown

/** Undefined where the result has no spelling: it was computed. Follows names, members, `?:`, joined text and functions of text. */
export function spelledResult(ast: Node, source: string, evaluate: Evaluate): unknown {
  const { op } = ast
  const args = [ast.args].flat(1)
  const part = (node: unknown) => {
    if (!isNode(node)) return node
    return spelledResult(node, source, evaluate) ?? evaluate(textOf(node, source))
  }
  if (op === 'id') return evaluate(String(ast.args))
  if (op === '.' || op === '[]') return memberOf(part(args[0]), part(args[1]))
  if (op === '?:') return part(args[0]) === true ? part(args[1]) : part(args[2])
  if (op === '+') return joined(part(args[0]), part(args[1]))
  if (op === 'call' && OF_TEXT.has(String(args[0]))) return called(String(args[0]), part([args[1]].flat()[0]), evaluate)
  return undefined
}

function memberOf(holder: unknown, key: unknown): unknown {
  return typeof holder === 'object' && holder !== null ? spelledAt(holder, String(key)) : undefined
}

function joined(left: unknown, right: unknown): string | undefined {
  return typeof left === 'string' || typeof right === 'string' ? `${left}${right}` : undefined
}

/** Functions that make text of text. */
const OF_TEXT: ReadonlySet<string> = new Set(['string', 'base64', 'base64Decode', 'urlEncode', 'urlDecode'])

function called(name: string, value: unknown, evaluate: Evaluate): unknown {
  const text = value instanceof Spelled ? value.text : value
  return typeof text === 'string' ? evaluate(`${name}(${JSON.stringify(text)})`) : undefined
}

/** The source of a node. Its range may lack brackets at either end: `(a + b` and `c)` of `(a + b) * (c)`. */
function textOf({ start, end }: Node, source: string): string {
  let [from, to] = [start, end]
  const missing = () => depthIn(source.slice(from, to))
  while (missing() < 0 && from > 0) from = source.lastIndexOf('(', from - 1)
  while (missing() > 0 && to < source.length) to = source.indexOf(')', to) + 1 || source.length
  return source.slice(Math.max(0, from), to)
}

/** How many brackets stay open; negative when more are closed than opened. */
function depthIn(text: string): number {
  return text.split('(').length - text.split(')').length
}
