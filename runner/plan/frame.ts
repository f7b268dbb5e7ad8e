/** Where a place is in the text: line and column from 1, and the lines to show. */
import { type Document, isAlias, isMap, isSeq, type Node, type Pair } from 'yaml'
import { keyOf } from '../base/yaml/nodes.ts'
import type { Frame, Place } from '../contracts/source.ts'

const LINES_BEFORE = 2
const LONGEST_LINE = 200
/** Beyond this column a line is not shown: nobody wrote it by hand. */
const LAST_COLUMN = 10_000

interface Lines {
  readonly text: string
  readonly lines: readonly string[]
  readonly starts: readonly number[]
}

let latest: Lines | undefined

/** The lines of the text that was asked for last: every step of a plan is looked up once when a run begins. */
function linesOf(text: string): Lines {
  if (latest?.text === text) return latest
  const lines = text.split('\n')
  const starts: number[] = []
  let start = 0
  for (const line of lines) {
    starts.push(start)
    start += line.length + 1
  }
  latest = { text, lines, starts }
  return latest
}

/** The number of the line, from 1, that a character stands in. */
function lineAt(starts: readonly number[], position: number): number {
  let [low, high] = [0, starts.length]
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= position) low = middle
    else high = middle
  }
  return low + 1
}

/** A frame for characters of the text. */
export function frameAt(file: string, text: string, start: number, length: number): Frame {
  const all = linesOf(text)
  const line = lineAt(all.starts, start)
  const column = start - (all.starts[line - 1] ?? 0) + 1
  const rest = (all.lines[line - 1] ?? '').length - column + 1
  const first = Math.max(1, line - LINES_BEFORE)
  const longest = column > LAST_COLUMN ? LONGEST_LINE : Math.max(LONGEST_LINE, column + 80)
  return {
    file,
    line,
    column,
    length: Math.max(1, Math.min(length, Math.max(1, rest), 80)),
    lines: all.lines
      .slice(first - 1, line)
      .map((shown, index) => ({ number: first + index, text: shown.slice(0, longest).replace(/\r$/, '') })),
  }
}

/** The exact key or value; for what is not there, the key that holds the mapping it is missing from. */
export function frameFor(file: string, text: string, yaml: Document, place: Place): Frame {
  const [start, end] = rangeOf(yaml, place)
  if (place.span) {
    const [from, to] = spanIn(text, start, end, place.span)
    return frameAt(file, text, from, to - from)
  }
  return frameAt(file, text, start, end - start)
}

function rangeOf(yaml: Document, place: Place): readonly [number, number] {
  let node: unknown = yaml.contents
  let holder: unknown
  for (const [index, step] of place.path.entries()) {
    const last = index === place.path.length - 1
    const pair = pairOf(resolve(node, yaml), step)
    if (isSeq(resolve(node, yaml))) {
      const item = (resolve(node, yaml) as { items: unknown[] }).items[Number(step)]
      if (item === undefined) return ends(holder ?? node)
      holder = item
      node = item
      continue
    }
    if (pair === undefined) return ends(holder ?? node, true)
    if (last && place.key) return ends(pair.key)
    holder = pair.key
    node = pair.value ?? pair.key
  }
  // A mapping or list is shown by the key that holds it, a scalar as itself.
  return isMap(node) || isSeq(node) ? ends(holder ?? node, true) : ends(node)
}

function resolve(node: unknown, yaml: Document): unknown {
  return isAlias(node) ? node.resolve(yaml) : node
}

function pairOf(node: unknown, key: string | number): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => keyOf(pair) === String(key)) : undefined
}

function ends(node: unknown, firstLine = false): readonly [number, number] {
  const range = (node as Node | null)?.range
  if (!range) return [0, 1]
  const first = firstLine && isMap(node) ? ((node.items[0]?.key as Node | undefined)?.range ?? range) : range
  return [first[0], Math.max(first[0] + 1, first[1])]
}

/** Quotes shift what is inside of them by one; a block scalar begins on the next line. */
function spanIn(
  text: string,
  start: number,
  end: number,
  [from, to]: readonly [number, number],
): readonly [number, number] {
  const opening = text[start]
  if (opening === '|' || opening === '>') return [start, start + 1]
  const shift = start + (opening === '"' || opening === "'" ? 1 : 0)
  return [Math.min(shift + from, end - 1), Math.min(shift + Math.max(to, from + 1), end)]
}
