/**
 * Tells whether Zstandard data has come to its end (RFC 8878, section 3.1). Bun's decompressor takes data that was cut in
 * the middle without a word.
 */
export class ZstdFrames {
  readonly #steps = frames()
  #held = Buffer.alloc(0)
  /** How many bytes the next step takes. */
  #wants: number
  #skips = 0
  /** Between two frames. */
  #isBetween = true

  constructor() {
    this.#wants = this.#steps.next().value.take
  }

  get ended(): boolean {
    return this.#isBetween && this.#skips === 0 && this.#held.length === 0
  }

  push(chunk: Uint8Array): void {
    let rest = Buffer.concat([this.#held, chunk])
    for (;;) {
      const skipped = Math.min(this.#skips, rest.length)
      this.#skips -= skipped
      rest = rest.subarray(skipped)
      if (this.#skips > 0 || rest.length < this.#wants) break
      const { take, skip, isBetween } = this.#steps.next(rest.subarray(0, this.#wants)).value
      rest = rest.subarray(this.#wants)
      ;[this.#wants, this.#skips, this.#isBetween] = [take, skip, isBetween]
    }
    this.#held = rest
  }
}

/** Skips so many bytes and takes the ones behind them. */
interface Step {
  readonly skip: number
  readonly take: number
  readonly isBetween: boolean
}

const MAGIC = 0xfd2fb528
const BLOCK_HEADER = 3

function* frames(): Generator<Step, never, Buffer> {
  let skip = 0
  for (;;) {
    const magic: Buffer = yield { skip, take: 4, isBetween: true }
    if (magic.readUInt32LE() !== MAGIC) {
      // A frame to be skipped: its length follows.
      const length: Buffer = yield { skip: 0, take: 4, isBetween: false }
      skip = length.readUInt32LE()
      continue
    }
    const [descriptor = 0]: Buffer = yield { skip: 0, take: 1, isBetween: false }
    skip = restOfHeader(descriptor)
    for (let isLast = false; !isLast; ) {
      const block: Buffer = yield { skip, take: BLOCK_HEADER, isBetween: false }
      const header = block.readUIntLE(0, BLOCK_HEADER)
      isLast = (header & 1) === 1
      const isRepeated = ((header >> 1) & 3) === 1
      skip = isRepeated ? 1 : header >> 3
    }
    const hasChecksum = (descriptor & 4) !== 0
    skip += hasChecksum ? 4 : 0
  }
}

/** Window, dictionary and content size, as the descriptor announces them. */
function restOfHeader(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return (isSingle ? 0 : 1) + dictionary + size
}
