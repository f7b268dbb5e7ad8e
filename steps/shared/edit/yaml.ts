/** Edits values in YAML text, and leaves every other byte as it is. */
import type { Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { Spelled } from '../../../runner/base/spelling.ts'
import { CheckFailure } from '../../../runner/contracts/errors.ts'
import { demandOnly, type Edit, holding, indexIn, type Keys, nested, pathText, type Splice, spliced } from './change.ts'
import { blockLines, type Style, styleOf, valueText } from './yaml-text.ts'

export async function editYaml(text: string, edits: readonly Edit[]): Promise<string> {
  const yaml = await import('yaml')
  return edits.reduce((before, [said, value]) => {
    const document = documentIn(yaml, before)
    const path = settled(yaml, document.contents, said)
    const after = spliced(before, new Editor(yaml, before, document).edit(path, value))
    demandOnly([path, value], valueIn(document), valueIn(documentIn(yaml, after)))
    return after
  }, text)
}

type Yaml = typeof import('yaml')

function documentIn({ parseAllDocuments, parseDocument }: Yaml, text: string): Document.Parsed {
  const options = { keepSourceTokens: true, intAsBigInt: true, logLevel: 'silent' } as const
  const found = parseAllDocuments(text, options)
  const documents = Array.isArray(found) ? found : []
  const [first, ...more] = documents
  const broken = documents.flatMap(({ errors }) => errors)[0]
  if (broken) throw new CheckFailure(`the file is not YAML: ${broken.message.split('\n')[0]}`)
  if (more.some(({ contents }) => contents !== null && contents.range[0] !== contents.range[1]))
    throw new CheckFailure(`the file holds ${documents.length} YAML documents, and an edit can't say which is meant`, {
      hint: 'give the whole `content`, or use a command',
    })
  return first ?? parseDocument(text, options)
}

/** The library throws a ReferenceError for an alias whose anchor is missing, or was taken out by the edit. */
function valueIn(document: Document.Parsed): unknown {
  try {
    return document.toJS()
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const [, name] = /alias.*: (.+)$/.exec(error.message) ?? []
    const why = name ? `the alias *${name} would be left without its anchor` : error.message
    throw new CheckFailure(`the file can't be edited so: ${why}`, {
      hint: 'edit what uses the anchor first, or give the whole `content`',
    })
  }
}

/** Negative indexes count from the end. */
function settled(yaml: Yaml, contents: unknown, path: Keys): Keys {
  let node: unknown = contents
  return path.map((key) => {
    const real = typeof key === 'number' && key < 0 && yaml.isSeq(node) ? node.items.length + key : key
    node = yaml.isCollection(node) ? node.get(real, true) : undefined
    return real
  })
}

/** A member of a collection, to replace or remove. */
interface Member {
  readonly holder: YAMLMap | YAMLSeq
  readonly index: number
}

class Editor {
  readonly #yaml: Yaml
  readonly #text: string
  readonly #document: Document.Parsed
  readonly #style: Style

  constructor(yaml: Yaml, text: string, document: Document.Parsed) {
    this.#yaml = yaml
    this.#text = text
    this.#document = document
    this.#style = styleOf(yaml, text, document)
  }

  edit(path: Keys, value: unknown): readonly Splice[] {
    let at: Member | undefined
    for (const depth of path.keys()) {
      const found = this.#member(at, path, depth)
      if (found && found.index < found.holder.items.length) {
        at = found
        continue
      }
      if (value === undefined) return []
      if (found) return this.#insert(found, path[depth] as string | number, nested(path.slice(depth + 1), value))
      const made = nested(path.slice(depth), value)
      return at ? this.#replace(at, made) : this.#begin(made)
    }
    if (!at) throw new CheckFailure('the whole document can be given as `content`')
    return value === undefined ? this.#remove(at) : this.#replace(at, value)
  }

  /** The member that the next key names, behind the last one where it is not there; undefined where there is no collection yet. */
  #member(at: Member | undefined, path: Keys, depth: number): Member | undefined {
    const { isMap, isSeq, isAlias, isScalar } = this.#yaml
    const node: unknown = at ? memberValue(at) : this.#document.contents
    const key = path[depth] as string | number
    if (isAlias(node)) throw alias(path.slice(0, depth), node.source)
    if (node === null || (isScalar(node) && node.value === null)) return undefined
    if (isSeq(node)) return { holder: node, index: indexIn(node.items.length, key, path) }
    if (isMap(node)) return { holder: node, index: indexOf(node, key) }
    throw new CheckFailure(`${pathText(path.slice(0, depth))} is neither a mapping nor a list`)
  }

  /** The first member of a document that holds nothing. */
  #begin(value: unknown): readonly Splice[] {
    const { eol } = this.#style
    const end = this.#text.length
    const start = end === 0 || this.#text.endsWith('\n') ? '' : eol
    return [{ from: end, to: end, text: `${start}${blockLines(this.#yaml, value, 0, this.#style).join(eol)}${eol}` }]
  }

  #replace(at: Member, value: unknown): readonly Splice[] {
    const old = memberValue(at)
    const colon = colonOf(at)
    if (!old?.range || old.range[0] === old.range[1]) return [this.#fill(old?.range?.[0] ?? colon ?? 0, value)]
    const [start, end] = old.range
    const isBlock = this.#yaml.isCollection(old) && old.flow !== true
    if (isBlock && !isFilled(value) && colon !== undefined && this.#lineOf(start) !== this.#lineOf(colon))
      return [
        { from: colon, to: colon, text: ` ${valueText(this.#yaml, value)}` },
        { from: this.#lineOf(start), to: end, text: '' },
      ]
    const ends = this.#text.slice(start, end).endsWith('\n') ? this.#style.eol : ''
    const text =
      isBlock && isFilled(value)
        ? blockLines(this.#yaml, value, start - this.#lineOf(start), this.#style)
            .join(this.#style.eol)
            .trimStart()
        : valueText(this.#yaml, value, quoteOf(old))
    return [{ from: tagBefore(at) ?? start, to: end, text: `${text}${ends}` }]
  }

  /** A value for a key or a dash without one. */
  #fill(at: number, value: unknown): Splice {
    const before = /\s/.test(this.#text[at - 1] ?? ' ') ? '' : ' '
    const behind = /[\s,}\]]/.test(this.#text[at] ?? ' ') ? '' : ' '
    return { from: at, to: at, text: `${before}${valueText(this.#yaml, value)}${behind}` }
  }

  #insert(at: Member, key: string | number, value: unknown): readonly Splice[] {
    return at.holder.flow === true ? this.#insertInFlow(at, key, value) : this.#insertInBlock(at, key, value)
  }

  #insertInBlock({ holder }: Member, key: string | number, value: unknown): readonly Splice[] {
    const { eol } = this.#style
    const first = startOf({ holder, index: 0 })
    const column = first - this.#lineOf(first)
    const made = holding(this.#yaml.isSeq(holder) ? 0 : String(key), value)
    const lines = blockLines(this.#yaml, made, column, this.#style).join(eol)
    const end = holder.range?.[1] ?? 0
    if (this.#text[end - 1] === '\n') return [{ from: end, to: end, text: `${lines}${eol}` }]
    const newline = this.#text.indexOf('\n', end)
    if (newline !== -1) return [{ from: newline + 1, to: newline + 1, text: `${lines}${eol}` }]
    return [{ from: this.#text.length, to: this.#text.length, text: `${eol}${lines}` }]
  }

  #insertInFlow({ holder }: Member, key: string | number, value: unknown): readonly Splice[] {
    const isSeq = this.#yaml.isSeq(holder)
    const member = `${isSeq ? '' : `${this.#keyText(holder as YAMLMap, String(key))}: `}${valueText(this.#yaml, value)}`
    const [start = 0, end = 0] = holder.range ?? []
    if (holder.items.length === 0) return [{ from: start, to: end, text: isSeq ? `[${member}]` : `{ ${member} }` }]
    const last = { holder, index: holder.items.length - 1 }
    const begins = startOf(last)
    const margin = this.#text.slice(this.#lineOf(begins), begins)
    const gap = margin.trim() === '' && this.#lineOf(begins) > start ? `${this.#style.eol}${margin}` : ' '
    return [{ from: endOf(last), to: endOf(last), text: `,${gap}${member}` }]
  }

  #keyText({ items }: YAMLMap, key: string): string {
    const isQuoted = items.some(({ key: one }) => (one as Scalar | null)?.type === 'QUOTE_DOUBLE')
    return isQuoted ? JSON.stringify(key) : valueText(this.#yaml, key)
  }

  #remove(at: Member): readonly Splice[] {
    const { holder, index } = at
    if (holder.items.length === 1) return this.#empty(at)
    const start = startOf(at)
    const next = index + 1 < holder.items.length ? startOf({ holder, index: index + 1 }) : undefined
    if (holder.flow === true)
      return next === undefined
        ? [{ from: endOf({ holder, index: index - 1 }), to: endOf(at), text: '' }]
        : [{ from: start, to: next, text: '' }]
    const line = this.#lineOf(start)
    if (this.#text.slice(line, start).trim() === '') return [{ from: line, to: this.#behindLine(endOf(at)), text: '' }]
    const isClose = next !== undefined && this.#text.slice(endOf(at), next).trim() === ''
    return [{ from: start, to: isClose ? next : endOf(at), text: '' }]
  }

  /** A collection that loses its last member stays, and is empty. */
  #empty({ holder }: Member): readonly Splice[] {
    const [start = 0, end = 0] = holder.range ?? []
    const ends = this.#text.slice(start, end).endsWith('\n') ? this.#style.eol : ''
    return [{ from: start, to: end, text: `${this.#yaml.isSeq(holder) ? '[]' : '{}'}${ends}` }]
  }

  /** The beginning of the line that contains `at`. */
  #lineOf(at: number): number {
    return this.#text.lastIndexOf('\n', at - 1) + 1
  }

  #behindLine(at: number): number {
    if (this.#text[at - 1] === '\n') return at
    const newline = this.#text.indexOf('\n', at)
    return newline === -1 ? this.#text.length : newline + 1
  }
}

function indexOf({ items }: YAMLMap, key: string | number): number {
  const index = items.findIndex(({ key: one }) => String((one as Scalar | null)?.value) === String(key))
  return index === -1 ? items.length : index
}

function memberValue({ holder, index }: Member): Node | null {
  const item = holder.items[index] as Pair | Node
  return 'key' in item ? (item.value as Node | null) : item
}

interface Token {
  readonly type: string
  readonly offset: number
  readonly source: string
}

/** Tokens before a value: the colon or the dash, spaces, its anchor and its tag. */
function tokensBefore({ holder, index }: Member): readonly Token[] {
  const item = holder.items[index] as Pair & { srcToken?: { sep?: Token[] } }
  const own = (holder as { srcToken?: { items?: { start?: Token[] }[] } }).srcToken?.items?.[index]
  return 'key' in item ? (item.srcToken?.sep ?? []) : (own?.start ?? [])
}

/** Behind the colon of a pair. */
function colonOf(at: Member): number | undefined {
  const colon = tokensBefore(at).find(({ type }) => type === 'map-value-ind')
  return colon && colon.offset + 1
}

/** A tag belongs to the old value; an anchor stays. */
function tagBefore(at: Member): number | undefined {
  const tokens = tokensBefore(at)
  const tag = tokens.findLastIndex(({ type }) => type === 'tag')
  return tag === -1 || tokens.slice(tag).some(({ type }) => type === 'anchor') ? undefined : tokens[tag]?.offset
}

function startOf(at: Member): number {
  const dash = tokensBefore(at).find(({ type }) => type === 'seq-item-ind')
  if (dash) return dash.offset
  const item = at.holder.items[at.index] as Pair | Node
  const node = ('key' in item ? item.key : item) as Node
  return node.range?.[0] ?? 0
}

function endOf(at: Member): number {
  const item = at.holder.items[at.index] as Pair | Node
  return memberValue(at)?.range?.[1] ?? ('key' in item ? (item.key as Node).range?.[1] : undefined) ?? 0
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Spelled) && Object.keys(value).length > 0
}

function quoteOf(node: Node): Scalar['type'] {
  const { type } = node as Scalar
  return type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? type : undefined
}

function alias(path: Keys, name: string): CheckFailure {
  return new CheckFailure(
    `${pathText(path)} is what the anchor &${name} names, and an edit would change it there, too`,
    {
      hint: 'edit the place where the anchor stands, or set the whole value here',
    },
  )
}
