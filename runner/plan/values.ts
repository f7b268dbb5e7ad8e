/** Values in `${{ }}`: CEL expressions over names. Substitution happens on parsed scalars, never on text. */
import { createRequire } from 'node:module'
import { PlanError } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'

/** Roots (`inputs`, `services`, …) and, bare, what was captured. */
export type Names = Readonly<Record<string, unknown>>

/** A piece of text that is an expression; `start` and `end` are those of the whole `${{ }}`, `at` where the CEL begins. */
export interface Expression {
  readonly source: string
  readonly start: number
  readonly end: number
  readonly at: number
}

/** What is wrong with an expression, and where in its text. */
export class ValueError extends Error {
  readonly start: number
  readonly end: number
  constructor(message: string, start: number, end: number) {
    super(message)
    this.start = start
    this.end = end
  }
}

/** All expressions of a text. `${{ }}` ends at the first `}}` outside a CEL string; `$${{` is a literal. */
export function expressionsIn(text: string): Expression[] {
  const found: Expression[] = []
  for (let from = text.indexOf('${{'); from !== -1; ) {
    if (text[from - 1] === '$') {
      from = text.indexOf('${{', from + 3)
      continue
    }
    const end = closing(text, from + 3)
    if (end === -1) throw new ValueError('this ${{ is never closed by }}', from, text.length)
    const inner = text.slice(from + 3, end)
    found.push({
      source: inner.trim(),
      start: from,
      end: end + 2,
      at: from + 3 + (inner.length - inner.trimStart().length),
    })
    from = text.indexOf('${{', end + 2)
  }
  return found
}

/** Fills a text in: a text that is one expression keeps its type, a mixed one gives text. */
export function substitute(text: string, names: Names): unknown {
  if (!text.includes('${{')) return text
  const expressions = expressionsIn(text)
  const [only] = expressions
  if (only && expressions.length === 1 && only.start === 0 && only.end === text.length) return evaluateAt(only, names)
  let filled = ''
  let from = 0
  for (const expression of expressions) {
    filled += text.slice(from, expression.start) + asText(evaluateAt(expression, names))
    from = expression.end
  }
  return (filled + text.slice(from)).replaceAll('$${{', '${{')
}

/** The usual spelling of a value inside a text. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function evaluateAt(expression: Expression, names: Names): unknown {
  try {
    return evaluate(expression.source, names)
  } catch (error) {
    if (error instanceof ValueError)
      throw new ValueError(error.message, expression.at + error.start, expression.at + error.end)
    throw error
  }
}

/** Evaluates CEL. Integral numbers enter as int and leave as number; only what is beyond 2^53 stays a BigInt. */
export function evaluate(source: string, names: Names): unknown {
  const plain = plainPath(source)
  if (plain) return memberOf(plain, source, names)
  const { run, roots } = compiled(source)
  try {
    return leaving(run(Object.fromEntries(roots.map((root) => [root, entering(nameOf(root, source, names))]))))
  } catch (error) {
    throw error instanceof ValueError ? error : celError(error, source)
  }
}

/** A boolean by CEL, with or without `${{ }}`; there is no truthiness. */
export function evaluateFlag(said: unknown, names: Names, place: Place): boolean {
  const value = typeof said === 'string' ? located(() => flagValue(said, names), place) : said
  if (typeof value === 'boolean') return value
  throw new PlanError([
    {
      code: 'not-boolean',
      message: `this is ${JSON.stringify(value) ?? 'nothing'}, and must be true or false`,
      hint: 'compare it: `x == "up"`, `size(list) > 0`',
      level: 'error',
      place,
    },
  ])
}

function flagValue(text: string, names: Names): unknown {
  return text.includes('${{') ? substitute(text, names) : evaluate(text, names)
}

/** Runs what may throw a ValueError and gives it its place in the plan. */
export function located<T>(work: () => T, place: Place): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    const span = [error.start, error.end] as const
    throw new PlanError([{ code: 'expression', message: error.message, level: 'error', place: { ...place, span } }])
  }
}

/** A name that an expression uses: `inputs.duration`, or a bare one. */
export interface NameUsed {
  readonly root: string
  readonly member?: string | undefined
  readonly start: number
  readonly end: number
}

/** Names that an expression uses, without those that its own macros bind. Throws a ValueError for what is no CEL. */
export function namesUsed(source: string): NameUsed[] {
  const plain = plainPath(source)
  if (plain) return [{ root: plain[0] ?? '', member: plain[1], start: 0, end: source.length }]
  const used: NameUsed[] = []
  walkNames(compiled(source).ast, new Set(), used)
  return used
}

interface Node {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
}

const MACROS = new Set(['map', 'filter', 'all', 'exists', 'exists_one'])

function walkNames(node: Node, bound: ReadonlySet<string>, used: NameUsed[]): void {
  if (node.op === 'id') {
    const root = node.args as string
    if (!bound.has(root)) used.push({ root, start: node.start, end: node.end })
    return
  }
  const args = node.args as unknown[]
  if (node.op === '.' && isNode(args[0]) && args[0].op === 'id') {
    const root = args[0].args as string
    if (!bound.has(root)) used.push({ root, member: args[1] as string, start: node.start, end: node.end })
    return
  }
  const inner = node.op === 'rcall' && MACROS.has(args[0] as string) ? macroBound(args, bound) : bound
  if (Array.isArray(args)) for (const arg of args.flat(2)) if (isNode(arg)) walkNames(arg, inner, used)
}

/** `list.map(x, …)` binds x for what follows. */
function macroBound(args: unknown[], bound: ReadonlySet<string>): ReadonlySet<string> {
  const [variable] = (args[2] ?? []) as Node[]
  return variable?.op === 'id' ? new Set([...bound, variable.args as string]) : bound
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** A plain member path needs no CEL, which saves loading it. */
function plainPath(source: string): string[] | undefined {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(source) || source === 'true' || source === 'false' || source === 'null')
    return undefined
  return source.split('.')
}

function memberOf(path: readonly string[], source: string, names: Names): unknown {
  const [root = '', ...members] = path
  let value = nameOf(root, source, names)
  let at = root.length
  for (const member of members) {
    const start = at + 1
    at = start + member.length
    if (typeof value !== 'object' || value === null || !(member in value))
      throw new ValueError(`${source.slice(0, start - 1)} has no "${member}"; ${existing(value, member)}`, start, at)
    value = (value as Record<string, unknown>)[member]
  }
  return value
}

function nameOf(root: string, source: string, names: Names): unknown {
  if (Object.hasOwn(names, root) && names[root] !== undefined) return names[root]
  const start = Math.max(0, source.search(new RegExp(`\\b${root}\\b`)))
  throw new ValueError(
    `nothing here is named "${root}"; ${didYouMean(root, Object.keys(names))}`,
    start,
    start + root.length,
  )
}

function existing(value: unknown, member: string): string {
  if (typeof value !== 'object' || value === null) return `it is ${JSON.stringify(value)}`
  const keys = Object.keys(value)
  return keys.length === 0 ? 'it is empty' : didYouMean(member, keys)
}

interface Compiled {
  readonly run: (context: Record<string, unknown>) => unknown
  readonly ast: Node
  readonly roots: readonly string[]
}

const cache = new Map<string, Compiled>()

function compiled(source: string): Compiled {
  const known = cache.get(source)
  if (known) return known
  const environment = celEnvironment()
  let run: ReturnType<typeof environment.parse>
  try {
    run = environment.parse(source)
  } catch (error) {
    throw celError(error, source)
  }
  const used: NameUsed[] = []
  walkNames(run.ast as unknown as Node, new Set(), used)
  const made = { run, ast: run.ast as unknown as Node, roots: [...new Set(used.map(({ root }) => root))] }
  cache.set(source, made)
  return made
}

type Environment = import('@marcbachmann/cel-js').Environment
let environment: Environment | undefined

/** CEL is loaded when the first expression needs it. */
function celEnvironment(): Environment {
  if (environment) return environment
  const cel = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  const made = new cel.Environment({ unlistedVariablesAreDyn: true })
  // Numbers of JSON are double or int as they happen to be written: what is mixed works, and text takes a number.
  made.registerOperator('int + double', (a: bigint, b: number) => Number(a) + b)
  made.registerOperator('double + int', (a: number, b: bigint) => a + Number(b))
  made.registerOperator('int - double', (a: bigint, b: number) => Number(a) - b)
  made.registerOperator('double - int', (a: number, b: bigint) => a - Number(b))
  made.registerOperator('int * double', (a: bigint, b: number) => Number(a) * b)
  made.registerOperator('double * int', (a: number, b: bigint) => a * Number(b))
  made.registerOperator('int / double', (a: bigint, b: number) => Number(a) / b)
  made.registerOperator('double / int', (a: number, b: bigint) => a / Number(b))
  made.registerOperator('string + int', (a: string, b: bigint) => `${a}${b}`)
  made.registerOperator('string + double', (a: string, b: number) => `${a}${b}`)
  made.registerOperator('int + string', (a: bigint, b: string) => `${a}${b}`)
  made.registerOperator('double + string', (a: number, b: string) => `${a}${b}`)
  environment = made
  return made
}

function entering(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(entering)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, entering(item)]),
    )
  return value
}

function leaving(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(leaving)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), leaving(item)]))
  if (typeof value === 'object' && value !== null && !(value instanceof Date))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, leaving(item)]))
  return value
}

function celError(error: unknown, source: string): ValueError {
  const { summary, message, range } = error as {
    summary?: string
    message?: string
    range?: { start: number; end: number }
  }
  const text = summary ?? message?.split('\n')[0] ?? String(error)
  const start = Math.min(range?.start ?? 0, source.length)
  return new ValueError(text, start, Math.max(start + 1, range?.end ?? source.length))
}

function closing(text: string, from: number): number {
  let quoted = ''
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quoted) {
      if (character === '\\') at++
      else if (character === quoted) quoted = ''
    } else if (character === '"' || character === "'") quoted = character
    else if (character === '}' && text[at + 1] === '}') return at
  }
  return -1
}
