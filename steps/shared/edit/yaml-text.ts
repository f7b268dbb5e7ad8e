/** Values as YAML text, in the style of the document that they come into. */
import type { Document, Pair, Scalar } from 'yaml'

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
  const isText = typeof value === 'string'
  const document = new yaml.Document([value], OPTIONS)
  const list = document.contents as unknown as { flow: boolean; items: Scalar[] }
  list.flow = true
  const [item] = list.items
  if (isText && item && quote) item.type = quote
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false, blockQuote: false }).trim()
  return text.slice(1, -1)
}

/** The lines of a collection, each with that many spaces before it. */
export function blockLines(yaml: Yaml, value: unknown, column: number, { step, indentSeq }: Style): string[] {
  const text = new yaml.Document(value, OPTIONS).toString({ lineWidth: 0, indent: step, indentSeq, blockQuote: false })
  const margin = ' '.repeat(column)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : `${margin}${line}`))
}
