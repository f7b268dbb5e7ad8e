import type { View } from './view.ts'

/** A line of `xxd`, `hexdump -C`, `od -tx1`: an offset, bytes in hex, and often the same as text behind them. */
const LINE = /^[0-9a-f]{4,16}:?[ \t]+((?:[0-9a-f]{2,8}(?: {1,3}|$))+)[^\n]*/gim

/**
 * The hex digits of a dump alone, without the text between those of two lines. Each digit ends with its line: the text behind
 * them shows the same bytes. Undefined where the bytes are not a dump.
 */
export function dumpView(bytes: Uint8Array): View | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const matches = [...text.matchAll(LINE)]
  if (matches.length === 0) return undefined
  const digits = new Uint8Array(bytes.length)
  const at = new Uint32Array(bytes.length + 1)
  const ends = new Uint32Array(bytes.length)
  let length = 0
  for (const { 0: line, 1: columns = '', index } of matches) {
    const from = index + line.indexOf(columns, line.search(/[ \t]/))
    for (let i = 0; i < columns.length; i++) {
      if (columns[i] === ' ') continue
      digits[length] = columns.charCodeAt(i)
      at[length] = from + i
      ends[length++] = index + line.length
    }
  }
  return { bytes: digits.subarray(0, length), at, ends }
}
