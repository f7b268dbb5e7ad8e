/** The body of an answer, decoded and up to a limit. */
import type { Readable } from 'node:stream'
import { decoded, Undecodable } from './content-encoding.ts'
import { unlessReset } from './reset.ts'

export interface Body {
  readonly bytes: Uint8Array
  /** Why bytes are missing at the end: `cut at 16 MiB`. */
  readonly cut?: string | undefined
  /** The reason why the body could not be decoded; there are no bytes then. */
  readonly undecoded?: string | undefined
}

/** `keep`: how many bytes are kept, once they are decoded. Throws when the connection is cut or the time is over. */
export async function readBody(body: Readable, encoding: string | undefined, keep: number): Promise<Body> {
  // A body that is destroyed emits an error, also where nobody reads it any more.
  body.on('error', () => undefined)
  const kept = new Bytes(keep)
  try {
    for await (const chunk of decoded(unlessReset(body), encoding)) if (!kept.add(chunk)) break
    return kept.body()
  } catch (error) {
    if (error instanceof Undecodable) return { bytes: new Uint8Array(), undecoded: error.message }
    throw error
  } finally {
    body.destroy()
  }
}

export class Bytes {
  readonly #limit: number
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #over = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** False: the limit is reached and there was more. */
  add(chunk: Uint8Array): boolean {
    const part = chunk.subarray(0, this.#limit - this.#size)
    if (part.length > 0) this.#chunks.push(part)
    this.#size += part.length
    this.#over = part.length < chunk.length
    return !this.#over
  }

  body(): Body {
    return { bytes: Buffer.concat(this.#chunks), cut: this.#over ? `cut at ${sizeOf(this.#limit)}` : undefined }
  }
}

const MIB = 2 ** 20

function sizeOf(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`
}
