/** Bytes as text of another alphabet. Within a longer text the letters depend on where the bytes begin in it. */

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export interface Encoded {
  /** The letters that these bytes alone decide. */
  readonly core: string
  /** The letter before, and the one behind, holds bits of these bytes and of their neighbors. */
  readonly before: boolean
  readonly behind: boolean
}

/** Base64 (RFC 4648) at each of the three places in a group where bytes may begin. */
export function base64Of(bytes: Uint8Array): Encoded[] {
  return [0, 1, 2].map((offset) => encoded(bytes, offset, 6, BASE64))
}

/** Base32 (RFC 4648) at each of its five. */
export function base32Of(bytes: Uint8Array): Encoded[] {
  return [0, 1, 2, 3, 4].map((offset) => encoded(bytes, offset, 5, BASE32))
}

function encoded(bytes: Uint8Array, offset: number, width: number, alphabet: string): Encoded {
  const skipped = (offset * 8) % width
  let core = ''
  // Bits of the first letter that belong to the bytes before.
  let missing = skipped === 0 ? 0 : width - skipped
  let [held, count] = [0, 0]
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff
    count += 8
    if (missing > 0) {
      count -= missing
      missing = 0
    }
    while (count >= width) {
      count -= width
      core += alphabet[(held >> count) & ((1 << width) - 1)]
    }
  }
  return { core, before: skipped !== 0, behind: count > 0 }
}
