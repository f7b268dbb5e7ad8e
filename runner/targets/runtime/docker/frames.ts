/** The Engine's multiplexed output: eight bytes of head (1 stdout, 2 stderr; length), then the payload. */

const HEAD = 8

/** Takes chunks as they come and calls back for each whole piece. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0)
  readonly #take: (stream: 1 | 2, bytes: Buffer) => void

  constructor(take: (stream: 1 | 2, bytes: Buffer) => void) {
    this.#take = take
  }

  push(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEAD) {
      const size = this.#rest.readUInt32BE(4)
      if (this.#rest.length < HEAD + size) return
      this.#take(this.#rest[0] === 2 ? 2 : 1, this.#rest.subarray(HEAD, HEAD + size))
      this.#rest = this.#rest.subarray(HEAD + size)
    }
  }
}
