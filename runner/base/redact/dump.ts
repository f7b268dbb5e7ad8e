import type { View } from './views.ts'

/** A line of `xxd`, `hexdump -C`, `od -tx1`: an offset, bytes in hex, and often the same as text behind them. */
const LINE = /^[0-9a-f]{4,16}:?[ \t]+((?:[0-9a-f]{2,8}(?: {1,3}|$))+)[^\n]*/gim

/**
 * The hex digits of a dump alone, without what stands between those of two lines. Each digit ends with its line: the text behind
 * them shows the same bytes. Undefined where the bytes are no dump.
 */
export function dumpView(bytes: Uint8Array): View | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const digits: number[] = []
  const at: number[] = []
  const ends: number[] = []
  for (const { 0: line, 1: columns = '', index } of text.matchAll(LINE)) {
    const from = index + line.indexOf(columns, line.search(/[ \t]/))
    for (let i = 0; i < columns.length; i++) {
      if (columns[i] === ' ') continue
      digits.push(columns.charCodeAt(i))
      at.push(from + i)
      ends.push(index + line.length)
    }
  }
  if (digits.length === 0) return undefined
  return { bytes: Uint8Array.from(digits), at: Uint32Array.from([...at, bytes.length]), ends: Uint32Array.from(ends) }
}
