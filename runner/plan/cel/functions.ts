/** Functions of expressions beside those of CEL itself, and numbers that keep every digit. */
import { decodeText } from '../../base/decode.ts'
import { isIncomplete } from '../../base/incomplete.ts'
import { compilePattern } from '../../base/pattern.ts'

type Environment = import('@marcbachmann/cel-js').Environment

export function withFunctions(made: Environment): Environment {
  made.registerFunction('now(): google.protobuf.Timestamp', () => new Date())
  made.registerFunction('uuid(): string', () => crypto.randomUUID())
  for (const type of ['string', 'int', 'double', 'bool']) {
    made.registerFunction(`base64(${type}): string`, (value: unknown) => Buffer.from(String(value)).toString('base64'))
    made.registerFunction(`urlEncode(${type}): string`, (value: unknown) => encodeURIComponent(String(value)))
  }
  made.registerFunction('string(google.protobuf.Timestamp): string', (at: Date) => at.toISOString())
  made.registerFunction('int(google.protobuf.Timestamp): int', (at: Date) => BigInt(Math.floor(at.getTime() / 1_000)))
  made.registerFunction(`string.${SEARCH}(string): bool`, search)
  made.registerFunction('base64(bytes): string', (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'))
  made.registerFunction('base64Decode(string): string', fromBase64)
  made.registerFunction('urlDecode(string): string', fromUrl)
  made.registerOperator('string + google.protobuf.Timestamp', (a: string, b: Date) => a + b.toISOString())
  made.registerOperator('google.protobuf.Timestamp + string', (a: Date, b: string) => a.toISOString() + b)
  for (const type of ['int', 'double', 'bool'])
    made.registerFunction(`list<${type}>.join(string): string`, (list: unknown[], between: string) =>
      list.join(between),
    )
  return made
}

/** The internal name of `matches`: the library's own one searches with the backtracking engine of JavaScript. */
export const SEARCH = 'matchre'

/** The source with `matches` searching in linear time. Every character keeps its position. */
export function searchable(source: string): string {
  return source.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\.matches\(/g, (found) =>
    found === '.matches(' ? `.${SEARCH}(` : found,
  )
}

function search(text: string, source: string): boolean {
  const pattern = compilePattern(source)
  const costly = pattern.tooCostly(text)
  if (costly === undefined) return pattern.test(text)
  throw new Error(costly)
}

/** RFC 4648, with `+/` or `-_`, padded or not. */
function fromBase64(text: string): string {
  const letters = text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(letters) || letters.replace(/=+$/, '').length % 4 === 1)
    throw new Error('base64Decode: this is not base64')
  const decoded = decodeText(Buffer.from(letters, 'base64'))
  if (isIncomplete(decoded)) throw new Error(`base64Decode: ${decoded.why}`)
  return decoded
}

function fromUrl(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('urlDecode: a % is not followed by the two digits of a byte, or the bytes are not UTF-8')
  }
}
