/** Edits a document's text and keeps the rest of it as it is: comments, order, spacing. */
import { Spelled, spelledEntries } from '../../../runner/base/spelling.ts'
import { CheckFailure } from '../../../runner/contracts/errors.ts'
import { type Format, NO_FORMAT } from '../file-format.ts'
import type { Edit, Keys } from './change.ts'
import { editEnv } from './env.ts'
import { editJson } from './json.ts'
import { editYaml } from './yaml.ts'

export interface Edits {
  readonly set?: Readonly<Record<string, unknown>> | undefined
  readonly unset?: readonly string[] | undefined
  readonly merge?: Readonly<Record<string, unknown>> | undefined
}

/** The edited text. Throws a CheckFailure when the text is none of its format. */
export async function edit(format: Format, text: string, edits: Edits): Promise<string> {
  const list = [...editsOf(edits)]
  if (format === 'json') return editJson(text, list)
  if (format === 'yaml') return editYaml(text, list)
  if (format === 'env') return editEnv(text, list)
  if (format === 'text') throw new CheckFailure(NO_FORMAT)
  throw new CheckFailure(`editing ${format} files is not built yet`, {
    hint: 'give the whole `content`, or use a command',
  })
}

function* editsOf({ set = {}, unset = [], merge = {} }: Edits): Generator<Edit> {
  yield* leaves(merge, [])
  for (const [path, value] of spelledEntries(set)) yield [keysOf(path), value]
  for (const path of unset) yield [keysOf(path), undefined]
}

function* leaves(value: unknown, path: Keys): Generator<Edit> {
  const isLeaf = typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Spelled
  if (isLeaf) yield [path, value]
  else for (const [key, item] of spelledEntries(value)) yield* leaves(item, [...path, key])
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
