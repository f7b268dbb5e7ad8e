/** Which format a file has, by its name or `as:`, and what its text means. */
import { incomplete } from '../../runner/base/incomplete.ts'
import { readJson } from '../../runner/base/json.ts'
import { plainValue } from '../../runner/base/plain.ts'
import { copySpelling } from '../../runner/base/spelling.ts'
import { messageOf } from '../../runner/contracts/errors.ts'
import { envLines } from './env-file.ts'

export const formats = ['json', 'yaml', 'toml', 'env', 'ini', 'text'] as const
export type Format = (typeof formats)[number]

const ENDINGS: Readonly<Record<string, Format>> = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  env: 'env',
  ini: 'ini',
}

/** Files whose names do not give a format are text. */
export function formatOf(path: string, as?: Format): Format {
  if (as) return as
  const name = path.split('/').at(-1) ?? ''
  if (name === '.env' || /^\.env\./.test(name)) return 'env'
  return ENDINGS[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'text'
}

/** A document, or why there is none: `not YAML: line 2, column 3: …`. */
export type Document = { readonly document?: unknown; readonly noDocument?: string | undefined }

/** Thrown by a parser, with the place of the mistake. */
class Fault extends Error {}

const NAMES: Readonly<Record<Format, string>> = {
  json: 'JSON',
  yaml: 'YAML',
  toml: 'TOML',
  env: '.env',
  ini: 'INI',
  text: 'a document',
}

export const NO_FORMAT = 'its name does not tell its format: write `as: json`, or another of yaml, toml, env, ini'

export async function readDocument(format: Format, text: string, as?: Format): Promise<Document> {
  if (format === 'text') return { noDocument: as === 'text' ? 'it is read as text, which has no document' : NO_FORMAT }
  if (format === 'json') return readJson(text)
  try {
    const document = await parsers[format](text)
    return { document: format === 'yaml' ? document : plainValue(document) }
  } catch (error) {
    return { noDocument: `not ${NAMES[format]}: ${error instanceof Fault ? error.message : messageOf(error)}` }
  }
}

const parsers: Readonly<Record<Exclude<Format, 'text' | 'json'>, (text: string) => unknown | Promise<unknown>>> = {
  yaml: yamlIn,
  toml: tomlIn,
  env: envIn,
  ini: iniIn,
}

async function yamlIn(text: string): Promise<unknown> {
  if (text.trim() === '') throw new Fault('it is empty')
  const { parseYaml } = await import('../../runner/base/yaml/parse.ts')
  const { yaml, problems } = parseYaml(text, { foreign: true })
  const [wrong] = problems
  if (wrong) {
    const { line, column } = placeIn(text, wrong.start)
    throw faultAt(line, column, wrong.message)
  }
  if (!yaml) return null
  // How much aliases may add was checked.
  const document = plainValue(yaml.toJS({ maxAliasCount: -1 }) ?? null)
  const { plainOf } = await import('../../runner/base/yaml/plain.ts')
  // A version such as `1.10` is captured as it is written.
  copySpelling(plainOf(yaml), document)
  return document
}

async function tomlIn(text: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return withLostDigits(parse(text, { integersAsBigInt: 'asNeeded' }), text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw faultAt(error.line, error.column, firstLine(error.message).replace(/^Invalid TOML document: /, ''))
  }
}

/** The reader keeps times to the millisecond: finer digits are lost. */
function withLostDigits(value: unknown, text: string): unknown {
  if (value instanceof Date) {
    const time = /\d\d:\d\d:\d\d\.\d+/.exec(value.toISOString())?.[0]
    const isFiner = time !== undefined && new RegExp(`${time.replace('.', '\\.')}\\d`).test(text)
    return isFiner ? incomplete('its fractions of a second beyond milliseconds were not read') : value
  }
  if (Array.isArray(value)) return value.map((item) => withLostDigits(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withLostDigits(item, text)]))
}

async function envIn(text: string): Promise<unknown> {
  const { fault } = envLines(text)
  if (fault) {
    const { line, column } = placeIn(text, fault.at)
    throw faultAt(line, column, fault.why)
  }
  return (await import('dotenv')).parse(text)
}

/** The reader makes JSON values of some words, but an INI file holds text. */
async function iniIn(text: string): Promise<unknown> {
  const lines = text.split(/\r?\n/)
  const bad = lines.findIndex((line) => /^\s*(\[[^\]]*$|=)/.test(line))
  if (bad !== -1) throw faultAt(bad + 1, 1, 'it is neither [section] nor key=value')
  return asText((await import('ini')).parse(text))
}

function asText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.map(asText)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]))
}

function faultAt(line: number, column: number, why: string): Fault {
  return new Fault(`line ${line}, column ${column}: ${why}`)
}

function placeIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
