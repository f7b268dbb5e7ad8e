/** Which format a file has, by its name or `as:`, and what its text means. */
import { parseJson } from '../../runner/base/json.ts'

export const formats = ['json', 'yaml', 'toml', 'env', 'ini', 'text'] as const
export type Format = (typeof formats)[number]

const ENDINGS: Readonly<Record<string, Format>> = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  env: 'env',
  ini: 'ini',
  conf: 'text',
}

export function formatOf(path: string, as?: Format): Format {
  if (as) return as
  const name = path.split('/').at(-1) ?? ''
  if (name === '.env' || /^\.env\./.test(name)) return 'env'
  return ENDINGS[name.split('.').at(-1) ?? ''] ?? 'text'
}

/** The document of a file's text; undefined when it is none of that format. */
export async function parseAs(format: Format, text: string): Promise<unknown> {
  try {
    return await parsers[format](text)
  } catch {
    return undefined
  }
}

const parsers: Readonly<Record<Format, (text: string) => unknown | Promise<unknown>>> = {
  json: parseJson,
  yaml: async (text) => (await import('yaml')).parse(text, asNumber, { intAsBigInt: true }),
  toml: (text) => Bun.TOML.parse(text),
  env: async (text) => (await import('dotenv')).parse(text),
  ini: async (text) => (await import('ini')).parse(text),
  text: () => undefined,
}

/** Integers beyond 2^53 stay exact, the others are numbers. */
function asNumber(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
