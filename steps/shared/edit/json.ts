/** Edits values in JSON text, with comments or without, and leaves every other byte as it is. */
import type { Node } from 'jsonc-parser'
import { exactJson } from '../../../runner/base/exact-json.ts'
import { readJson } from '../../../runner/base/json.ts'
import { CheckFailure } from '../../../runner/contracts/errors.ts'
import { demandOnly, type Edit, indexIn, type Keys, nested, pathText, type Splice, spliced } from './change.ts'

type Json = typeof import('jsonc-parser')

export async function editJson(text: string, edits: readonly Edit[]): Promise<string> {
  const json = await import('jsonc-parser')
  return edits.reduce(
    (before, [said, value]) => {
      const tree = treeOf(json, before)
      const path = settled(tree, said)
      const after = spliced(before, editOnce(tree, before, path, value))
      // The parser of JSON with comments knows no large integers.
      const rounded = value === undefined ? undefined : JSON.parse(exactJson(value))
      demandOnly([path, rounded], plainOf(tree), plainOf(treeOf(json, after)))
      return after
    },
    text.trim() === '' ? '{}\n' : text,
  )
}

function treeOf({ parseTree, printParseErrorCode }: Json, text: string): Node {
  const errors: { error: number; offset: number }[] = []
  const tree = parseTree(text, errors as never, { allowTrailingComma: true })
  const [bad] = errors
  if (tree && !bad) return tree
  const { noDocument } = readJson(text)
  const words = bad && `line ${text.slice(0, bad.offset).split('\n').length}: ${printParseErrorCode(bad.error)}`
  throw new CheckFailure(noDocument ?? `not JSON: ${words ?? 'it is empty'}`)
}

/** The last of several equal keys counts, as in every reader. */
function plainOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(plainOf)
  if (node.type !== 'object') return node.value
  return Object.fromEntries(membersOf(node).map(({ key, value }) => [key.value as string, plainOf(value)]))
}

function settled(tree: Node, path: Keys): Keys {
  let node: Node | undefined = tree
  return path.map((key) => {
    const { length = 0 }: readonly Node[] = node?.children ?? []
    const real = typeof key === 'number' && key < 0 ? length + key : key
    node = node && memberAt(node, real)?.value
    return real
  })
}

interface Member {
  /** The property, or the item itself. */
  readonly whole: Node
  readonly value: Node
}

function membersOf(node: Node): { whole: Node; key: Node; value: Node }[] {
  return (node.children ?? []).flatMap((whole) => {
    const [key, value] = whole.children ?? []
    return key && value ? [{ whole, key, value }] : []
  })
}

function memberAt(node: Node, key: string | number): Member | undefined {
  if (node.type === 'array') {
    const item = node.children?.[Number(key)]
    return item && { whole: item, value: item }
  }
  return node.type === 'object' ? membersOf(node).findLast((one) => one.key.value === String(key)) : undefined
}

function editOnce(tree: Node, text: string, path: Keys, value: unknown): readonly Splice[] {
  let node = tree
  for (const [depth, key] of path.entries()) {
    if (node.type === 'array') indexIn(node.children?.length ?? 0, key, path)
    else if (node.type !== 'object') return value === undefined ? [] : madeOf(node, text, path, depth, value)
    const member = memberAt(node, key)
    const isLast = depth === path.length - 1
    if (!member) return value === undefined ? [] : insert(node, text, key, nested(path.slice(depth + 1), value))
    if (isLast && value === undefined) return remove(node, text, member.whole)
    node = member.value
  }
  if (value === undefined || node === tree) throw new CheckFailure('the whole document can be given as `content`')
  return [{ from: node.offset, to: endOf(node), text: valueText(value, text, marginOfLine(text, node.offset)) }]
}

/** New parents replace null. */
function madeOf(node: Node, text: string, path: Keys, depth: number, value: unknown): readonly Splice[] {
  if (node.type !== 'null') throw new CheckFailure(`${pathText(path.slice(0, depth))} is neither an object nor a list`)
  const made = nested(path.slice(depth), value)
  return [{ from: node.offset, to: endOf(node), text: valueText(made, text, marginOfLine(text, node.offset)) }]
}

/** Behind the last member, on a line of its own where that has one. */
function insert(node: Node, text: string, key: string | number, value: unknown): readonly Splice[] {
  const last = node.children?.at(-1)
  if (!last) return [fill(node, text, key, value)]
  const margin = marginOf(text, last.offset)
  return margin === undefined ? [append(node, text, key, value)] : addLine(node, text, { key, value, margin })
}

function memberText(node: Node, text: string, key: string | number, value: unknown, margin?: string): string {
  const made = valueText(value, text, margin ?? marginOfLine(text, node.offset))
  return node.type === 'array' ? made : `${JSON.stringify(key)}:${gapOf(node, text)}${made}`
}

/** The first member, on a line of its own where the document has lines. */
function fill(node: Node, text: string, key: string | number, value: unknown): Splice {
  const outer = marginOfLine(text, node.offset)
  const inner = `${outer}${stepOf(text)}`
  const [from, to] = [node.offset + 1, endOf(node) - 1]
  if (!text.trim().includes('\n')) return { from, to, text: memberText(node, text, key, value) }
  const eol = eolOf(text)
  return { from, to, text: `${eol}${inner}${memberText(node, text, key, value, inner)}${eol}${outer}` }
}

function append(node: Node, text: string, key: string | number, value: unknown): Splice {
  const [last, before] = (node.children ?? []).toReversed() as [Node, Node | undefined]
  const gap = before ? text.slice(endOf(before), last.offset).replace(/\S/g, '') : gapOf(node, text)
  return { from: endOf(last), to: endOf(last), text: `,${gap}${memberText(node, text, key, value)}` }
}

/** Behind a comment on the last member's line. A comma at the end stays at the end. */
function addLine(
  node: Node,
  text: string,
  { key, value, margin }: { key: string | number; value: unknown; margin: string },
): readonly Splice[] {
  const at = endOf(node.children?.at(-1) as Node)
  const eol = eolOf(text)
  const made = `${eol}${margin}${memberText(node, text, key, value, margin)}`
  const comma = /^\s*,/.exec(text.slice(at))?.[0]
  const line = text.indexOf('\n', at + (comma?.length ?? 0))
  const behind = line === -1 ? text.length : text[line - 1] === '\r' ? line - 1 : line
  const rest = text.slice(at, behind).replace(/\/\/.*|\/\*.*?\*\//g, '')
  // A bracket on the same line ends the object there.
  if (comma === undefined && /[\]}]/.test(rest)) return [{ from: at, to: at, text: `,${made}` }]
  if (comma !== undefined) return [{ from: behind, to: behind, text: `${made},` }]
  if (behind === at) return [{ from: at, to: at, text: `,${made}` }]
  return [
    { from: at, to: at, text: ',' },
    { from: behind, to: behind, text: made },
  ]
}

function remove(node: Node, text: string, whole: Node): readonly Splice[] {
  const children = node.children ?? []
  const index = children.indexOf(whole)
  const [before, next] = [children[index - 1], children[index + 1]]
  const margin = marginOf(text, whole.offset)
  if (next && margin !== undefined && marginOf(text, next.offset) !== undefined) {
    const line = whole.offset - margin.length
    return [{ from: line, to: text.indexOf('\n', endOf(whole)) + 1, text: '' }]
  }
  if (next) return [{ from: whole.offset, to: next.offset, text: '' }]
  if (before) return [{ from: endOf(before), to: endOf(whole), text: '' }]
  return [{ from: node.offset + 1, to: endOf(node) - 1, text: '' }]
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

/** The spaces before it, where it begins its line. */
function marginOf(text: string, at: number): string | undefined {
  const margin = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return margin.trim() === '' && text.lastIndexOf('\n', at - 1) !== -1 ? margin : undefined
}

/** The spaces that the line begins with. */
function marginOfLine(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? ''
}

function stepOf(text: string): string {
  return /^[ \t]+(?=\S)/m.exec(text)?.[0] ?? '  '
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** The text between a colon and a value here. */
function gapOf(node: Node, text: string): string {
  const [one] = membersOf(node)
  if (one) return /^[^:]*:([ \t]*)/.exec(text.slice(endOf(one.key), one.value.offset))?.[1] ?? ' '
  return /":\S/.test(text) && !/": /.test(text) ? '' : ' '
}

/** Every digit of large integers; over lines where the document is. */
function valueText(value: unknown, text: string, margin: string): string {
  if (!text.trim().includes('\n')) return exactJson(value)
  return exactJson(value, stepOf(text))
    .split('\n')
    .join(`${eolOf(text)}${margin}`)
}
