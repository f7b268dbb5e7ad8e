/**
 * The skeleton of a text: its letters and digits alone, in lower case. Quoting, escaping, wrapping and laying out add or
 * double everything else (quotes, backslashes, blanks, line ends, separators of hex), so a secret keeps its skeleton.
 */
export interface Skeleton {
  readonly bytes: Uint8Array
  /** The original offset of each byte. */
  readonly at: Uint32Array
  readonly length: number
}

const ESC = 0x1b
const ZERO = 0x30
const X = 0x78
/** A control sequence that sets a title or a link has text in it. */
const LONGEST_TITLE = 256

/** The folded form of each byte; 0 leaves it out. All of UTF-8 beyond ASCII stays. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return byte
  const character = String.fromCharCode(byte)
  return /[a-z0-9]/i.test(character) ? character.toLowerCase().charCodeAt(0) : 0
})

/** Kept between calls, since most texts are short and many. */
let scratch = { bytes: new Uint8Array(1_024), at: new Uint32Array(1_024) }

/** Valid until the next call. */
export function skeletonOf(bytes: Uint8Array): Skeleton {
  if (scratch.bytes.length < bytes.length)
    scratch = { bytes: new Uint8Array(bytes.length * 2), at: new Uint32Array(bytes.length * 2) }
  const { bytes: kept, at } = scratch
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    const folded = FOLDED[byte] as number
    if (folded === 0) {
      if (byte === ESC) i = endOfSequence(bytes, i)
      continue
    }
    if (byte >= 0xc2) {
      const blank = blankAt(bytes, i)
      i += blank
      if (blank > 0) {
        i--
        continue
      }
    }
    if (folded === X && isPrefixOfHex(bytes, i)) {
      length--
      continue
    }
    kept[length] = folded
    at[length++] = i
  }
  return { bytes: kept, at, length }
}

/** A copy that lasts. */
export function skeletonBytes(bytes: Uint8Array): Buffer {
  const { bytes: kept, length } = skeletonOf(bytes)
  return Buffer.from(kept.subarray(0, length))
}

export function isKept(byte: number): boolean {
  return FOLDED[byte] !== 0
}

/** The last byte of a terminal's control sequence (ECMA-48): a tool may color part of a secret. */
function endOfSequence(bytes: Uint8Array, start: number): number {
  const introducer = bytes[start + 1]
  if (introducer === 0x5b) {
    let i = start + 2
    while (i < bytes.length && (bytes[i] as number) >= 0x20 && (bytes[i] as number) < 0x40) i++
    return i < bytes.length && (bytes[i] as number) <= 0x7e ? i : start
  }
  if (introducer !== 0x5d) return start
  for (let i = start + 2; i < bytes.length && i < start + LONGEST_TITLE; i++) {
    if (bytes[i] === 0x07) return i
    if (bytes[i] === ESC && bytes[i + 1] === 0x5c) return i + 1
  }
  return start
}

/** Bytes of a blank, quote, dash, ellipsis or byte order mark beyond ASCII; 0 for anything else. */
function blankAt(bytes: Uint8Array, i: number): number {
  const [first, second, third] = [bytes[i], bytes[i + 1], bytes[i + 2]]
  if (first === 0xc2) return second === 0x85 || second === 0xa0 || second === 0xad ? 2 : 0
  if (first === 0xe2) return second === 0x80 || (second === 0x81 && (third as number) >= 0x9f) ? 3 : 0
  if (first === 0xe3) return second === 0x80 && third === 0x80 ? 3 : 0
  return first === 0xef && second === 0xbb && third === 0xbf ? 3 : 0
}

/** The x of `0x41, 0x42`. */
function isPrefixOfHex(bytes: Uint8Array, i: number): boolean {
  return (
    bytes[i - 1] === ZERO &&
    isHex(bytes[i + 1]) &&
    isHex(bytes[i + 2]) &&
    (i < 2 || FOLDED[bytes[i - 2] as number] === 0)
  )
}

export function isHex(byte: number | undefined): boolean {
  return byte !== undefined && HEX[byte] !== 255
}

/** The value of each hex digit; 255 for other bytes. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(value) ? 255 : value
})
