/** Things that YAML parses and that are not what they look like. */
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { Located } from '../contracts/errors.ts'
import { frameAt } from './frame.ts'
import { quoteIt } from './yaml-traps.ts'

const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype'])

interface Look {
  readonly file: string
  readonly text: string
  readonly yaml: Document
  readonly mostAliases: number
  readonly open: Set<unknown>
  aliases: number
}

export function* trapsIn(file: string, text: string, yaml: Document, mostAliases: number): Generator<Located> {
  const look: Look = { file, text, yaml, mostAliases, open: new Set(), aliases: 0 }
  const found = [...nodeTraps(yaml.contents, look)]
  yield* look.aliases > mostAliases ? found.slice(0, 1) : found
}

function* nodeTraps(node: unknown, look: Look): Generator<Located> {
  if (isAlias(node)) {
    yield* aliasTraps(node, look)
    return
  }
  look.open.add(node)
  if (isMap(node)) for (const pair of node.items) yield* pairTraps(pair, look)
  else if (isSeq(node)) for (const item of node.items) yield* nodeTraps(item, look)
  look.open.delete(node)
}

function* aliasTraps(node: Alias, look: Look): Generator<Located> {
  const target = node.resolve(look.yaml)
  if (target === undefined) {
    const trap = quoteIt(look.text, node.range?.[0] ?? 0)
    yield trapAt(
      look,
      node,
      'alias',
      trap?.[0] ?? `no anchor &${node.source} stands above`,
      trap?.[1] ?? `quote it, if text is meant: "*${node.source}"`,
    )
    return
  }
  look.aliases += weightOf(target)
  if (look.open.has(target))
    yield trapAt(
      look,
      node,
      'cyclic-alias',
      `*${node.source} stands inside of what it names`,
      'an alias can’t hold itself',
    )
  else if (look.aliases > look.mostAliases)
    yield trapAt(
      look,
      node,
      'alias-bomb',
      `aliases make this document more than ${look.mostAliases} times larger`,
      'write it out, or use a fragment',
    )
}

function* pairTraps(pair: Pair, look: Look): Generator<Located> {
  const { key } = pair
  if (isScalar(key) && DANGEROUS.has(String(key.value)))
    yield trapAt(look, key, 'dangerous-key', `"${key.value}" can’t be a key`, 'use another name')
  if (isMap(key) || isSeq(key)) {
    const trap = quoteIt(look.text, key.range?.[0] ?? 0)
    yield trapAt(look, key, 'key', trap?.[0] ?? 'a key can’t be a mapping or list', trap?.[1] ?? 'quote it: "${{ … }}"')
  }
  yield* nodeTraps(pair.value, look)
}

function trapAt({ file, text }: Look, node: unknown, code: string, message: string, hint: string): Located {
  const [start = 0, end = 1] = (node as Node | undefined)?.range ?? []
  return {
    code,
    message,
    hint,
    level: 'error',
    place: { file, path: [] },
    frame: frameAt(file, text, start, Math.max(1, end - start)),
  }
}

function weightOf(node: unknown): number {
  if (isMap(node)) return 1 + node.items.reduce((sum, { value }) => sum + weightOf(value), 0)
  if (isSeq(node)) return 1 + node.items.reduce<number>((sum, item) => sum + weightOf(item), 0)
  return isAlias(node) ? 50 : 1
}
