/**
 * JSONPath queries of json-p3, made honest: patterns are searched in linear time, one that is not a pattern is an error and not
 * "no match", integers beyond 2^53 compare exactly, and deep documents are walked to their end.
 */
import { compilePattern, patternError } from '../base/pattern.ts'

type Query = import('json-p3').JSONPathQuery
type Environment = import('json-p3').JSONPathEnvironment

const compiled = new Map<string, Query>()
let environment: Environment | undefined

/** Throws an error of json-p3 with a message and a token, or a PatternError. */
export function compile(path: string): Query {
  const known = compiled.get(path)
  if (known) return known
  environment ??= makeEnvironment()
  const made = environment.compile(path)
  for (const node of nodesIn(made)) {
    checkPatternIn(node)
    makeExact(node)
  }
  compiled.set(path, made)
  return made
}

/** A pattern in `match()` or `search()` that cannot be searched. `token` gives its place in the path. */
export class PatternError extends Error {
  readonly token: { readonly index: number } | undefined
  constructor(message: string, token?: { readonly index: number }) {
    super(message)
    this.token = token
  }
}

/** Levels of a document. The time that `..` takes grows with their square. */
const DEEPEST = 1_000

function makeEnvironment(): Environment {
  // Loaded with the first path: most commands read none.
  const { jsonpath } = require('json-p3') as typeof import('json-p3')
  const made = new jsonpath.JSONPathEnvironment({ maxRecursionDepth: DEEPEST })
  const { ValueType, LogicalType } = jsonpath.FunctionExpressionType
  const pattern = (anchored: boolean) => ({
    argTypes: [ValueType, ValueType],
    returnType: LogicalType,
    call: (text: unknown, source: unknown) => isFound(text, source, anchored),
  })
  made.functionRegister.set('search', pattern(false) as never)
  made.functionRegister.set('match', pattern(true) as never)
  return made
}

/** RFC 9535, 2.4.6 and 2.4.7: only text matches. I-Regexp (RFC 9485) is a subset of RE2 but for its dot. */
function isFound(text: unknown, source: unknown, anchored: boolean): boolean {
  if (typeof text !== 'string' || typeof source !== 'string') return false
  const wanted = anchored ? `^(?:${withDots(source)})$` : withDots(source)
  const bad = patternError(wanted)
  if (bad) throw new PatternError(`"${source}" is not a pattern: ${bad.message}`)
  const pattern = compilePattern(wanted)
  const costly = pattern.tooCostly(text)
  if (costly !== undefined) throw new PatternError(costly)
  return pattern.test(text)
}

/** The dot of I-Regexp stops at carriage returns, too (RFC 9485, 5.3). */
function withDots(source: string): string {
  return source.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\./gs, (part) => (part === '.' ? '[^\\n\\r]' : part))
}

interface AstNode {
  readonly name?: string
  readonly args?: readonly { readonly value?: unknown; readonly token?: { readonly index: number } }[]
  readonly operator?: string
  readonly token?: { readonly kind?: string; readonly value?: string }
  value?: unknown
  evaluate?(context: never): unknown
}

function checkPatternIn({ name, args }: AstNode): void {
  if ((name !== 'match' && name !== 'search') || typeof args?.[1]?.value !== 'string') return
  const bad = patternError(withDots(args[1].value))
  if (bad) throw new PatternError(`not a regular expression (RE2 syntax): ${bad.message}`, args[1].token)
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

interface Comparison extends AstNode {
  readonly left: AstNode
  readonly right: AstNode
}

function makeExact(node: AstNode): void {
  const digits = node.token?.value
  if (typeof node.value === 'number' && !Number.isSafeInteger(node.value) && /^-?\d+$/.test(digits ?? ''))
    node.value = BigInt(digits as string)
  const holds = COMPARISONS[node.operator ?? '']
  const original = node.evaluate?.bind(node)
  if (!holds || !original) return
  const { left, right } = node as Comparison
  node.evaluate = (context) => {
    const [a, b] = [singleValue(left.evaluate?.(context)), singleValue(right.evaluate?.(context))]
    const isExact = (typeof a === 'bigint' && isNumber(b)) || (typeof b === 'bigint' && isNumber(a))
    return isExact ? holds(orderOf(a as bigint, b as bigint)) : original(context)
  }
}

/** A singular query gives a list of one node. */
function singleValue(result: unknown): unknown {
  const nodes = (result as { nodes?: readonly { value: unknown }[] } | undefined)?.nodes
  return nodes?.length === 1 ? nodes[0]?.value : result
}

function isNumber(value: unknown): boolean {
  return typeof value === 'bigint' || typeof value === 'number'
}

/** Operators compare a number with a bigint exactly. */
function orderOf(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Everything that a query is made of, but for its environment. */
function* nodesIn(value: unknown, seen = new Set<unknown>()): Generator<AstNode> {
  if (typeof value !== 'object' || value === null || value === environment || seen.has(value)) return
  seen.add(value)
  yield value as AstNode
  for (const inner of Object.values(value)) yield* nodesIn(inner, seen)
}
