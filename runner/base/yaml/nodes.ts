/** Valid YAML that a reader would not expect: keys given twice, aliases out of place, lists as keys. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import type { YamlProblem } from './problem.ts'
import { quoteIt } from './traps.ts'

/** Values that aliases may add to a document: in a plan anchors are for a few lines, and a bomb makes millions. */
const MOST_ALIASED = { own: 2_000, foreign: 100_000 }
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype'])

interface Look {
  readonly text: string
  /** The file of another tool: it may call its keys what it likes. */
  readonly foreign: boolean
  readonly anchors: Map<string, Node>
  readonly open: Set<unknown>
  /** The number of values in a node, with its aliases written out. */
  readonly sizes: Map<unknown, number>
  aliased: number
}

export function* nodeProblems(text: string, { contents }: Document, foreign: boolean): Generator<YamlProblem> {
  const look: Look = { text, foreign, anchors: new Map(), open: new Set(), sizes: new Map(), aliased: 0 }
  yield* inNode(contents, look)
}

function* inNode(node: unknown, look: Look): Generator<YamlProblem> {
  if (isAlias(node)) {
    yield* inAlias(node, look)
    return
  }
  if (isNode(node) && node.anchor) look.anchors.set(node.anchor, node)
  look.open.add(node)
  let size = 1
  if (isMap(node)) {
    yield* doubleKeys(node, look)
    for (const pair of node.items) {
      yield* inPair(pair, look)
      size += sizeOf(pair.value, look)
    }
  } else if (isSeq(node))
    for (const item of node.items) {
      yield* inNode(item, look)
      size += sizeOf(item, look)
    }
  look.sizes.set(node, size)
  look.open.delete(node)
}

function sizeOf(node: unknown, { sizes }: Look): number {
  return sizes.get(node) ?? 1
}

function* inAlias(node: Alias, look: Look): Generator<YamlProblem> {
  const target = look.anchors.get(node.source)
  if (target === undefined) {
    yield trapOr(
      look,
      problem(
        node,
        'alias',
        `there is no anchor &${node.source} above`,
        `quote it if text is meant: "*${node.source}"`,
      ),
    )
    return
  }
  if (look.open.has(target)) {
    yield problem(node, 'cyclic-alias', `*${node.source} is inside of what it names`, "an alias can't hold itself")
    return
  }
  const most = look.foreign ? MOST_ALIASED.foreign : MOST_ALIASED.own
  const before = look.aliased
  look.sizes.set(node, sizeOf(target, look))
  look.aliased += sizeOf(target, look)
  if (before > most || look.aliased <= most) return
  const message = `aliases make this file larger by more than ${most.toLocaleString('en-US')} values`
  yield problem(node, 'alias-bomb', message, 'write it out, or use a fragment')
}

function* inPair(pair: Pair, look: Look): Generator<YamlProblem> {
  const { key, value } = pair
  if (!look.foreign && (isMap(key) || isSeq(key))) {
    yield trapOr(look, problem(key, 'key', "a key can't be a mapping or a list", 'quote it: "${{ … }}"'))
    return
  }
  if (isAlias(key) && !look.foreign)
    yield problem(key, 'key', "a key can't be an alias", `quote it if text is meant: "*${key.source}"`)
  else if (!look.foreign && DANGEROUS.has(keyOf(pair)))
    yield problem(key, 'dangerous-key', `"${keyOf(pair)}" can't be a key`, 'use another name')
  yield* inNode(value, look)
  if (isMerge(pair) && mergedOf(value, look.anchors) === undefined)
    yield problem(isNode(value) ? value : key, 'merge', '`<<` takes a mapping, or a list of them', 'write <<: *anchor')
}

function* doubleKeys({ items }: YAMLMap, look: Look): Generator<YamlProblem> {
  const seen = new Set<string>()
  for (const pair of items) {
    if (isMap(pair.key) || isSeq(pair.key)) continue
    const key = keyOf(pair)
    if (seen.has(key))
      yield trapOr(look, problem(pair.key, 'duplicate_key', 'this key is given twice', 'keep one of them'))
    seen.add(key)
  }
}

function problem(node: unknown, code: string, message: string, hint: string): YamlProblem {
  const [start, end] = (isNode(node) ? node.range : undefined) ?? [0, 1]
  return { code, message, hint, start, end: Math.max(start + 1, end) }
}

/** A slip with quotes explains more than its consequences. */
function trapOr({ text }: Look, found: YamlProblem): YamlProblem {
  return { ...found, ...quoteIt(text, found.start) }
}

/** A key as it is written: `1.10` and `0777` keep their spelling. */
export function keyOf({ key }: Pair): string {
  if (!isScalar(key)) return isAlias(key) ? `*${key.source}` : ''
  if (typeof key.value === 'string') return key.value
  return key.source ?? String(key.value ?? '')
}

export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN'
}

/** The mappings that a `<<` brings in; undefined for a value that is not a mapping. */
export function mergedOf(value: unknown, anchors: ReadonlyMap<string, Node>): readonly YAMLMap[] | undefined {
  const node = isAlias(value) ? anchors.get(value.source) : value
  if (isMap(node)) return [node]
  if (!isSeq(node)) return undefined
  const all = node.items.map((item) => (isAlias(item) ? anchors.get(item.source) : item))
  return all.every(isMap) ? all : undefined
}
