/** Values as YAML text, in the style of the document that they come into. */
import type { Document, Pair, Scalar } from 'yaml'
import { Spelled, spelledEntries } from '../../../runner/base/spelling.ts'

export interface Style {
  readonly eol: string
  /** Spaces of one level. */
  readonly step: number
  /** The dashes of a list stand deeper than its key. */
  readonly indentSeq: boolean
}

type Yaml = typeof import('yaml')

export function styleOf({ visit, isMap, isSeq, isScalar }: Yaml, text: string, document: Document.Parsed): Style {
  const column = (offset: number) => offset - (text.lastIndexOf('\n', offset - 1) + 1)
  let step: number | undefined
  let indentSeq: boolean | undefined
  visit(document, {
    Pair: (_key, { key, value }: Pair) => {
      if (!isScalar(key) || !key.range || !(isMap(value) || isSeq(value)) || value.flow || !value.range) return
      const deeper = column(value.range[0]) - column(key.range[0])
      if (isSeq(value)) indentSeq ??= deeper > 0
      if (deeper > 0) step ??= deeper
    },
  })
  return { eol: text.includes('\r\n') ? '\r\n' : '\n', step: step ?? 2, indentSeq: indentSeq ?? true }
}

/** Readers of YAML 1.1 take more words for other things than text: those are quoted. */
const OPTIONS = { compat: 'yaml-1.1', intAsBigInt: true } as const

/** On one line: a scalar, or a collection in braces. */
export function valueText(yaml: Yaml, value: unknown, quote?: Scalar['type']): string {
  if (value instanceof Spelled) return value.text
  const isText = typeof value === 'string'
  const { tree, fillIn } = withMarks(value)
  const document = new yaml.Document([tree], OPTIONS)
  const list = document.contents as unknown as { flow: boolean; items: Scalar[] }
  list.flow = true
  const [item] = list.items
  if (isText && item && quote) item.type = quote
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false, blockQuote: false }).trim()
  return fillIn(text.slice(1, -1))
}

/** The lines of a collection, each with that many spaces before it. */
export function blockLines(yaml: Yaml, value: unknown, column: number, { step, indentSeq }: Style): string[] {
  const { tree, fillIn } = withMarks(value)
  const text = new yaml.Document(tree, OPTIONS).toString({ lineWidth: 0, indent: step, indentSeq, blockQuote: false })
  const margin = ' '.repeat(column)
  return fillIn(text)
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : `${margin}${line}`))
}

/** The library writes numbers in its own spelling, so words stand in for those that have another one. */
function withMarks(value: unknown): { tree: unknown; fillIn(text: string): string } {
  const mark = `sd${crypto.randomUUID().replaceAll('-', '')}x`
  const texts: string[] = []
  const marked = (item: unknown): unknown => {
    if (item instanceof Spelled) return `${mark}${texts.push(item.text) - 1}x`
    if (typeof item !== 'object' || item === null) return item
    if (Array.isArray(item)) return spelledEntries(item).map(([, one]) => marked(one))
    return Object.fromEntries(spelledEntries(item).map(([key, one]) => [key, marked(one)]))
  }
  const tree = marked(value)
  const pattern = new RegExp(`${mark}(\\d+)x`, 'g')
  return { tree, fillIn: (text) => text.replace(pattern, (_, index) => texts[Number(index)] ?? '') }
}
