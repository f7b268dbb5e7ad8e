/** Long pieces out of the middle of a secret: a program may have cut it anywhere, or taken it apart. */
import type { Pattern } from './patterns.ts'
import type { Skeleton } from './skeleton.ts'

/** Letters and digits of a piece. Shorter ones are found in texts that know nothing of the secret. */
const LONG = 24
/** So many bytes begin a search; a piece holds several beginnings. */
const KEY = 4
const EVERY = 4
/** Beginnings that look alike: a secret may repeat itself. */
const MOST_ALIKE = 8
/** How often each byte may be compared. */
const MOST_WORK = 32

export interface Piece {
  /** First and last byte, in the skeleton. */
  readonly first: number
  readonly last: number
  readonly secret: string
}

interface Beginning {
  readonly pattern: Pattern
  readonly offset: number
}

export class Pieces {
  readonly #byKey = new Map<number, Beginning[]>()
  readonly #filter = new Uint8Array(1 << 16)

  add(pattern: Pattern): void {
    const { skeleton } = pattern
    if (skeleton.length <= LONG) return
    for (let offset = 0; offset + KEY <= skeleton.length; offset += EVERY) {
      const key = skeleton.readUInt32BE(offset)
      const alike = this.#byKey.get(key) ?? []
      if (alike.filter((one) => one.pattern === pattern).length >= MOST_ALIKE) continue
      this.#byKey.set(key, [...alike, { pattern, offset }])
      this.#filter[hashOf(key)] = 1
    }
  }

  *in(skeleton: Skeleton): Generator<Piece> {
    if (this.#byKey.size === 0) return
    const { bytes, length } = skeleton
    let [key, work, next] = [0, 0, 0]
    for (let i = 0; i < length; i++) {
      key = ((key << 8) | (bytes[i] as number)) >>> 0
      if (this.#filter[hashOf(key)] === 0 || i < KEY - 1 || i < next || work > MOST_WORK * length) continue
      for (const beginning of this.#byKey.get(key) ?? []) {
        const [first, last] = around(skeleton, i - KEY + 1, beginning)
        work += last - first + 1
        if (last - first + 1 < LONG) continue
        yield { first, last, secret: beginning.pattern.secret }
        next = Math.max(next, last + 1)
      }
    }
  }
}

/** How far the text agrees with the secret, both ways. */
function around(
  { bytes, length }: Skeleton,
  at: number,
  { pattern, offset }: Beginning,
): [first: number, last: number] {
  const { skeleton } = pattern
  let before = 0
  while (before < Math.min(at, offset) && bytes[at - before - 1] === skeleton[offset - before - 1]) before++
  let behind = KEY
  const most = Math.min(length - at, skeleton.length - offset)
  while (behind < most && bytes[at + behind] === skeleton[offset + behind]) behind++
  return [at - before, at + behind - 1]
}

/** A hash of four bytes, in sixteen bits. */
export function hashOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 16
}
