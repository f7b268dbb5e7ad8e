/** Bytes of a file as text and back, in the encoding that it has. */
import { decodeText } from '../../runner/base/decode.ts'
import { type Incomplete, incomplete } from '../../runner/base/incomplete.ts'

/** Text of a file; UTF-16 without a byte order mark would pass for UTF-8 with a NUL in each character. */
export function fileText(bytes: Uint8Array, cut?: string): string | Incomplete {
  const text = decodeText(bytes, { cut })
  const wide = wideOf(bytes)
  return wide === undefined
    ? text
    : incomplete(`it seems to be ${wide} without a byte order mark, so its encoding is not known`)
}

const SAMPLE = 4_096

function wideOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2 || isMarked(bytes)) return undefined
  const sample = bytes.subarray(0, SAMPLE)
  const zeros = [0, 0]
  for (let index = 0; index < sample.length; index++)
    if (sample[index] === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const many = sample.length / 4
  if (odd > many && even === 0) return 'UTF-16LE'
  return even > many && odd === 0 ? 'UTF-16BE' : undefined
}

function isMarked(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
}

/** Text as bytes in the encoding, and with the byte order mark, that `before` has. */
export function encodedLike(before: Uint8Array, text: string): Uint8Array {
  if (before[0] === 0xff && before[1] === 0xfe) return Buffer.from(`\ufeff${text}`, 'utf16le')
  if (before[0] === 0xfe && before[1] === 0xff) return Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  const isMarkedUtf8 = before[0] === 0xef && before[1] === 0xbb && before[2] === 0xbf
  return Buffer.from(isMarkedUtf8 ? `\ufeff${text}` : text)
}
