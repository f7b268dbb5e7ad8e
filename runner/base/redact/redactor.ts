/** Takes secrets out of everything that people may see. */
import { patternsOf } from './patterns.ts'
import { Search, type Span } from './search.ts'

export const MASK = '‹secret›'
/** Shorter values would take half of every text with them. */
export const SHORTEST_SECRET = 4
/** Shorter values are masked where their very characters are, also in words that are not the secret. */
export const SHORTEST_SAFE_SECRET = 8

/** How far around a word a secret is looked for that it may belong to. */
const WINDOW = 1 << 14

/** `unmasked`: too short for that. `empty`: nothing to mask. */
export type Learned = 'masked' | 'short' | 'unmasked' | 'empty'

export class Redactor {
  readonly #known = new Set<string>()
  readonly #search = new Search()

  get knowsAny(): boolean {
    return this.#known.size > 0
  }

  /** From now on this is masked. Blanks around a secret do not belong to it. */
  add(secret: string): Learned {
    const { length } = [...secret.trim()]
    if (length === 0) return 'empty'
    if (length < SHORTEST_SECRET) return 'unmasked'
    if (!this.#known.has(secret)) {
      this.#known.add(secret)
      this.#search.add(patternsOf(secret))
    }
    return length < SHORTEST_SAFE_SECRET ? 'short' : 'masked'
  }

  text(text: string): string {
    if (!this.knowsAny || text.length < SHORTEST_SECRET) return text
    const bytes = Buffer.from(text)
    const spans = this.#spansIn(bytes)
    return spans.length === 0 ? text : Buffer.concat(piecesOf(bytes, spans)).toString()
  }

  /** Lines that belong together: a secret may run over several of them. */
  lines(lines: readonly string[]): readonly string[] {
    if (!this.knowsAny || lines.length === 0) return lines
    const text = lines.join('\n')
    const masked = this.text(text)
    return masked === text ? lines : masked.split('\n')
  }

  bytes(bytes: Uint8Array): Uint8Array {
    if (!this.knowsAny) return bytes
    const spans = this.#spansIn(bytes)
    return spans.length === 0 ? bytes : Buffer.concat(piecesOf(bytes, spans))
  }

  /** Whether a part of a secret is among these characters of a text: a word of it may be a part that nobody would find later. */
  hides(text: string, start: number, end: number): boolean {
    if (!this.knowsAny) return false
    const from = Math.max(0, start - WINDOW)
    const bytes = Buffer.from(text.slice(from, end + WINDOW))
    const [first, last] = [start, end].map((at) => Buffer.byteLength(text.slice(from, at))) as [number, number]
    return this.#spansIn(bytes).some((span) => span.start < last && span.end > first)
  }

  /** The secrets that are in it. */
  within(bytes: Uint8Array): readonly string[] {
    return this.knowsAny ? [...new Set(this.#spansIn(bytes).map(({ secret }) => secret))] : []
  }

  #spansIn(bytes: Uint8Array): Span[] {
    const spans = this.#search.in(bytes)
    return spans.length === 0 ? spans : spans.filter((span) => !isMask(bytes, span))
  }
}

const MASKED = Buffer.from(MASK)
/** Bytes of its quotes. */
const QUOTE = 3

/** Masked text stays as it is, also when the secret is "secret". */
function isMask(bytes: Uint8Array, { start, end }: Span): boolean {
  const from = start - QUOTE
  return (
    from >= 0 && end + QUOTE - from === MASKED.length && MASKED.equals(Buffer.from(bytes.subarray(from, end + QUOTE)))
  )
}

function piecesOf(bytes: Uint8Array, spans: readonly Span[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let from = 0
  for (const { start, end } of spans) {
    pieces.push(bytes.subarray(from, start), MASKED)
    from = end
  }
  return [...pieces, bytes.subarray(from)]
}
