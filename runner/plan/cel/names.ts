import { compile, type Node } from './compile.ts'

/** A name that an expression uses, with the members that are written out: `services.gateway.url`. */
export interface NameUsed {
  readonly root: string
  readonly member?: string | undefined
  /** All members that are written out, the first included. */
  readonly path: readonly string[]
  /** Inside `has()`: its last member may be missing. */
  readonly asked?: boolean | undefined
  readonly start: number
  readonly end: number
}

/** Words of CEL that stand where a name could: `type(n) == int`. No bare name can be one. */
export const TYPES: ReadonlySet<string> = new Set(
  'int uint double bool string bytes list map null_type type cel google'.split(' '),
)

/** Words that CEL keeps for itself, behind a dot too. */
export const RESERVED: ReadonlySet<string> = new Set(
  [
    'true false null in as break const continue else for function if import let loop namespace package return var void',
    'while prototype constructor __proto__',
  ].flatMap((words) => words.split(' ')),
)

/** Names that an expression uses, without those that its own macros bind. Throws a ValueError for what is no CEL. */
export function namesUsed(source: string): NameUsed[] {
  const plain = plainPath(source)
  if (plain) {
    const [root = '', ...path] = plain
    return [{ root, member: path[0], path, start: 0, end: source.length }]
  }
  return namesIn(compile(source).ast)
}

/** A plain member path needs no CEL, which saves loading it. */
export function plainPath(source: string): string[] | undefined {
  const path = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(source) ? source.split('.') : undefined
  return path?.some((name) => RESERVED.has(name)) || TYPES.has(path?.[0] ?? '') ? undefined : path
}

export function namesIn(ast: Node): NameUsed[] {
  const used: NameUsed[] = []
  walk(ast, new Set(), used)
  return used
}

function walk(node: Node, bound: ReadonlySet<string>, used: NameUsed[], asked = false): void {
  const name = pathOf(node)
  if (name) {
    if (!bound.has(name.root) && !TYPES.has(name.root)) used.push(asked ? { ...name, asked } : name)
    return
  }
  const isHas = node.op === 'call' && (node.args as unknown[])[0] === 'has'
  const inner = node.op === 'rcall' ? withBound(node.args as unknown[], bound) : bound
  for (const arg of [node.args].flat(3)) if (isNode(arg)) walk(arg, inner, used, isHas || (asked && node.op === '.'))
}

/** `a.b["c"]` as far as it is written out. */
function pathOf(node: Node): NameUsed | undefined {
  const { start, end } = node
  if (node.op === 'id') return { root: node.args as string, path: [], start, end }
  if (node.op !== '.' && node.op !== '[]') return undefined
  const [of, key] = node.args as [unknown, unknown]
  const inner = isNode(of) ? pathOf(of) : undefined
  const member = isNode(key) ? (key.op === 'value' ? key.args : undefined) : key
  if (!inner || typeof member !== 'string') return undefined
  const path = [...inner.path, member]
  return { root: inner.root, member: path[0], path, start: inner.start, end }
}

const MACROS: ReadonlySet<string> = new Set(['map', 'filter', 'all', 'exists', 'exists_one', 'bind'])

/** `list.map(x, …)` and `cel.bind(x, …)` bind x for what follows. */
function withBound(args: readonly unknown[], bound: ReadonlySet<string>): ReadonlySet<string> {
  if (!MACROS.has(args[0] as string)) return bound
  const [variable] = (args[2] ?? []) as Node[]
  return variable?.op === 'id' ? new Set([...bound, variable.args as string]) : bound
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
