/** Edits a document's text and keeps the rest of it as it is: comments, order, spacing. */
import { CheckFailure } from '../../runner/contracts/errors.ts'
import type { Format } from './file-format.ts'

export interface Edits {
  readonly set?: Readonly<Record<string, unknown>> | undefined
  readonly unset?: readonly string[] | undefined
  readonly merge?: Readonly<Record<string, unknown>> | undefined
}

type Keys = readonly (string | number)[]
/** `undefined` removes. */
type Edit = readonly [path: Keys, value: unknown]

/** The edited text. Throws a CheckFailure when the text is none of its format. */
export async function edit(format: Format, text: string, edits: Edits): Promise<string> {
  const list = [...editsOf(edits)]
  if (format === 'json') return editJson(text, list)
  if (format === 'yaml') return editYaml(text, list)
  if (format === 'env') return editEnv(text, list)
  throw new CheckFailure(`editing ${format} files is not built yet`, {
    hint: 'give the whole `content`, or use a command',
  })
}

function* editsOf({ set = {}, unset = [], merge = {} }: Edits): Generator<Edit> {
  yield* leaves(merge, [])
  for (const [path, value] of Object.entries(set)) yield [keysOf(path), value]
  for (const path of unset) yield [keysOf(path), undefined]
}

function* leaves(value: unknown, path: Keys): Generator<Edit> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield [path, value]
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key])
}

/** The keys of a singular JSONPath. */
export function keysOf(path: string): Keys {
  const keys = singularKeys(path)
  if (keys === undefined)
    throw new CheckFailure(`${path} is not the path of one value`, { hint: 'name each key: $.a.b[0]' })
  return keys
}

/** Undefined for a path that may give several values. */
export function singularKeys(path: string): Keys | undefined {
  const { jsonpath } = require('json-p3') as typeof import('json-p3')
  const query = jsonpath.compile(path)
  if (!query.singularQuery()) return undefined
  return query.segments.map((segment) => {
    const [selector] = segment.selectors as unknown as readonly { name?: string; index?: number }[]
    return selector?.name ?? selector?.index ?? ''
  })
}

async function editJson(text: string, edits: readonly Edit[]): Promise<string> {
  const { applyEdits, modify, parse } = await import('jsonc-parser')
  const errors: { error: number; offset: number }[] = []
  parse(text, errors as never, { allowTrailingComma: true })
  if (text.trim() !== '' && errors[0])
    throw new CheckFailure(`the file is no JSON (line ${text.slice(0, errors[0].offset).split('\n').length})`)
  const formattingOptions = {
    insertSpaces: !/^\t/m.test(text),
    tabSize: /^( +)\S/m.exec(text)?.[1]?.length ?? 2,
    eol: '\n',
  }
  let edited = text.trim() === '' ? '{}\n' : text
  for (const [path, value] of edits)
    edited = applyEdits(edited, modify(edited, [...path], plainNumbers(value), { formattingOptions }))
  return edited
}

function plainNumbers(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

async function editYaml(text: string, edits: readonly Edit[]): Promise<string> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  if (document.errors[0]) throw new CheckFailure(`the file is no YAML: ${document.errors[0].message.split('\n')[0]}`)
  for (const [path, value] of edits) {
    if (value === undefined) document.deleteIn(path)
    else document.setIn(path, value)
  }
  return document.toString({ lineWidth: 0 })
}

/** Comments and order stay; a key that is there is replaced where it stands, a new one is added at the end. */
function editEnv(text: string, edits: readonly Edit[]): string {
  const lines = text.split('\n')
  for (const [path, value] of edits) {
    const [key, ...deeper] = path
    if (key === undefined || deeper.length > 0)
      throw new CheckFailure('a .env file has no nested keys', { hint: 'write $.NAME' })
    const at = lines.findIndex((line) => new RegExp(`^\\s*(export\\s+)?${String(key)}\\s*=`).test(line))
    const prefix = /^\s*export\s+/.exec(lines[at] ?? '')?.[0] ?? ''
    if (value === undefined) {
      if (at !== -1) lines.splice(at, 1)
    } else if (at !== -1) lines[at] = `${prefix}${key}=${envText(value)}`
    else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, `${key}=${envText(value)}`)
  }
  return lines.join('\n')
}

function envText(value: unknown): string {
  const text = String(value ?? '')
  if (/^[\w.:/@%+,-]*$/.test(text)) return text
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`
}
