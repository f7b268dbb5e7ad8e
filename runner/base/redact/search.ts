/** Finds secrets in bytes, whatever they were quoted, escaped or encoded with. The time grows with the bytes alone. */
import type { Literal, Pattern } from './patterns.ts'
import { SHORTEST } from './patterns.ts'
import { hashOf, Pieces } from './pieces.ts'
import { type Skeleton, skeletonOf } from './skeleton.ts'
import { endOf, startOf, type View } from './view.ts'
import { viewsOf } from './views.ts'

export interface Span {
  readonly start: number
  readonly end: number
  readonly secret: string
}

/** How many bytes are looked at together, and how many more behind them for what begins there. */
const CHUNK = 1 << 20
const MOST_SPREAD = 16
const LEAST_OVERLAP = 1 << 14

/** A beginning of a secret that ends with the text is masked from so many letters; before an ellipsis from `SHORTEST`. */
const SHORTEST_CUT = 12
/** How often each byte may be compared before a search switches to an algorithm that never looks back. */
const MOST_WORK = 32

export class Search {
  readonly #literals: Literal[] = []
  readonly #byStart = new Map<number, Pattern[]>()
  /** The hashes of four bytes that begin a pattern: one lookup for almost every byte of a text. */
  readonly #filter = new Uint8Array(1 << 16)
  readonly #pieces = new Pieces()
  #longest = 0

  add({ skeletons, literals }: { skeletons: readonly Pattern[]; literals: readonly Literal[] }): void {
    for (const pattern of skeletons) {
      if (pattern.pieces) this.#pieces.add(pattern)
      this.#longest = Math.max(this.#longest, pattern.core.length)
      const key = pattern.skeleton.readUInt32BE(0)
      this.#filter[hashOf(key)] = 1
      const same = this.#byStart.get(key)
      if (same) same.push(pattern)
      else this.#byStart.set(key, [pattern])
    }
    this.#literals.push(...literals)
  }

  /** Sorted, and none overlaps another. */
  in(bytes: Uint8Array): Span[] {
    const overlap = LEAST_OVERLAP + this.#longest * MOST_SPREAD
    const spans: Span[] = []
    for (let from = 0; from < bytes.length; from += CHUNK) {
      const to = Math.min(bytes.length, from + CHUNK + overlap)
      for (const { start, end, secret } of this.#inChunk(bytes.subarray(from, to), to === bytes.length))
        spans.push({ start: from + start, end: from + end, secret })
      if (to === bytes.length) break
    }
    return merged(spans)
  }

  *#inChunk(bytes: Uint8Array, atEnd: boolean): Generator<Span> {
    for (const view of viewsOf(bytes)) {
      yield* this.#literally(view)
      const skeleton = skeletonOf(view.bytes)
      yield* new Look(view, skeleton, atEnd).find(this.#filter, this.#byStart)
      for (const { first, last, secret } of this.#pieces.in(skeleton))
        yield {
          start: startOf(view, skeleton.at[first] as number),
          end: endOf(view, skeleton.at[last] as number),
          secret,
        }
    }
  }

  *#literally(view: View): Generator<Span> {
    if (this.#literals.length === 0) return
    const text = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.bytes.length)
    for (const { bytes, secret } of this.#literals)
      for (let at = text.indexOf(bytes); at !== -1; at = text.indexOf(bytes, at + bytes.length))
        yield { start: startOf(view, at), end: endOf(view, at + bytes.length - 1), secret }
  }
}

/** One look over one view. */
class Look {
  readonly #view: View
  readonly #skeleton: Skeleton
  readonly #atEnd: boolean
  #work = 0

  constructor(view: View, skeleton: Skeleton, atEnd: boolean) {
    this.#view = view
    this.#skeleton = skeleton
    this.#atEnd = atEnd
  }

  *find(filter: Uint8Array, byStart: ReadonlyMap<number, readonly Pattern[]>): Generator<Span> {
    const { bytes, length } = this.#skeleton
    const costly = new Set<Pattern>()
    let key = 0
    for (let i = 0; i < length; i++) {
      key = ((key << 8) | (bytes[i] as number)) >>> 0
      if (filter[hashOf(key)] === 0 || i < SHORTEST - 1) continue
      for (const pattern of byStart.get(key) ?? []) {
        if (this.#work > MOST_WORK * length + 4_096) costly.add(pattern)
        else yield* this.#at(pattern, i - SHORTEST + 1)
      }
    }
    for (const pattern of costly) yield* this.#inOnePass(pattern)
  }

  /** All of the pattern is here, or its beginning up to where the text was cut. */
  *#at(pattern: Pattern, at: number): Generator<Span> {
    const same = this.#sameFrom(pattern.skeleton, at)
    if (same === pattern.skeleton.length) {
      if (this.#agrees(pattern, at)) yield this.#span(pattern, at, same)
    } else if (this.#isCutBehind(at + same - 1, same)) yield this.#span(pattern, at, same)
  }

  #sameFrom(wanted: Uint8Array, at: number): number {
    const { bytes, length } = this.#skeleton
    const most = Math.min(wanted.length, length - at)
    let same = SHORTEST
    while (same < most && bytes[at + same] === wanted[same]) same++
    this.#work += same
    return same
  }

  /** Knuth, Morris, Pratt: for a text that repeats the beginning of a secret over and over. */
  *#inOnePass(pattern: Pattern): Generator<Span> {
    const { bytes, length } = this.#skeleton
    const { skeleton: wanted } = pattern
    const back = fallbacks(wanted)
    let same = 0
    for (let i = 0; i < length; i++) {
      while (same > 0 && bytes[i] !== wanted[same]) same = back[same - 1] as number
      if (bytes[i] === wanted[same]) same++
      if (same < wanted.length) continue
      const at = i - same + 1
      // Checked only when it costs no more than what it finds.
      if (this.#agrees(pattern, at)) yield this.#span(pattern, at, same)
      same = 0
    }
    if (same >= SHORTEST_CUT && this.#atEnd) yield this.#span(pattern, length - same, same)
  }

  /** Whether the text ends here, or an ellipsis says that it was cut. */
  #isCutBehind(last: number, same: number): boolean {
    const { at, length } = this.#skeleton
    if (last === length - 1 && this.#atEnd && same >= SHORTEST_CUT) return true
    const next = (at[last] as number) + 1
    const { bytes } = this.#view
    return (bytes[next] === 0xe2 && bytes[next + 1] === 0x80 && bytes[next + 2] === 0xa6) || isDots(bytes, next)
  }

  #agrees(pattern: Pattern, at: number): boolean {
    if (pattern.check === 'none') return true
    const { at: places } = this.#skeleton
    const [first, last] = [places[at] as number, places[at + pattern.skeleton.length - 1] as number]
    if (pattern.check === 'joined') return last - first === pattern.skeleton.length - 1
    // The bytes in between are bounded, too: nothing spreads a secret that far.
    if (last - first > pattern.core.length * MOST_SPREAD + 64) return false
    const written = this.#view.bytes.subarray(first, last + 1)
    this.#work += written.length
    if (pattern.check === 'tight') return tightened(written) === tightened(pattern.core)
    return inBase64(written, pattern.skeleton.length < SHORTEST * 2) === inBase64(pattern.core, false)
  }

  #span(pattern: Pattern, at: number, length: number): Span {
    const { at: places } = this.#skeleton
    let first = this.#leadBefore(pattern.lead, places[at] as number)
    let last = places[at + length - 1] as number
    if (length === pattern.skeleton.length) last = this.#trailBehind(pattern.trail, last)
    if (pattern.before) first = this.#letterBefore(first)
    if (pattern.behind) last = this.#letterBehind(last)
    return { start: startOf(this.#view, first), end: endOf(this.#view, last), secret: pattern.secret }
  }

  /** Punctuation that the secret begins with, quoted or not. */
  #leadBefore(lead: Uint8Array, first: number): number {
    const { bytes } = this.#view
    let at = first
    for (let i = lead.length - 1; i >= 0; i--) {
      const next =
        bytes[at - 1] === lead[i] ? at - 1 : isQuote(bytes[at - 1]) && bytes[at - 2] === lead[i] ? at - 2 : at
      if (next === at) break
      at = next
    }
    return at
  }

  #trailBehind(trail: Uint8Array, last: number): number {
    const { bytes } = this.#view
    let at = last
    for (const byte of trail) {
      const next = bytes[at + 1] === byte ? at + 1 : isQuote(bytes[at + 1]) && bytes[at + 2] === byte ? at + 2 : at
      if (next === at) break
      at = next
    }
    return at
  }

  #letterBefore(first: number): number {
    let at = first - 1
    while (at > 0 && isBlank(this.#view.bytes[at])) at--
    return isBase64(this.#view.bytes[at]) ? at : first
  }

  #letterBehind(last: number): number {
    let at = last + 1
    while (at < this.#view.bytes.length && isBlank(this.#view.bytes[at])) at++
    return isBase64(this.#view.bytes[at]) ? at : last
  }
}

function merged(spans: Span[]): Span[] {
  const sorted = spans.sort((a, b) => a.start - b.start || b.end - a.end)
  const kept: Span[] = []
  for (const span of sorted) {
    const last = kept.at(-1)
    if (last === undefined || span.start >= last.end) kept.push(span)
    else if (span.end > last.end) kept[kept.length - 1] = { ...last, end: span.end }
  }
  return kept
}

function fallbacks(wanted: Uint8Array): Uint32Array {
  const back = new Uint32Array(wanted.length)
  for (let i = 1, same = 0; i < wanted.length; i++) {
    while (same > 0 && wanted[i] !== wanted[same]) same = back[same - 1] as number
    if (wanted[i] === wanted[same]) same++
    back[i] = same
  }
  return back
}

/** Without quotes and backslashes; blanks, however many, are one. */
function tightened(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '')
    .replace(/["'`\\\0]/g, '')
    .replace(/[\s+]+/g, ' ')
}

/** The letters of base64 alone, in the usual alphabet; empty where more than line ends lies between them and that must not be. */
function inBase64(bytes: Uint8Array, wrappedOnly: boolean): string {
  const text = Buffer.from(bytes).toString('latin1').replaceAll('-', '+').replaceAll('_', '/')
  if (wrappedOnly && /[^A-Za-z0-9+/\s\\]/.test(text)) return ''
  return text.replace(/[^A-Za-z0-9+/]/g, '')
}

function isDots(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x2e && bytes[at + 1] === 0x2e && bytes[at + 2] === 0x2e
}

function isQuote(byte: number | undefined): boolean {
  return byte === 0x5c || byte === 0x22 || byte === 0x27 || byte === 0x60 || byte === 0
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09
}

function isBase64(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte))
}
