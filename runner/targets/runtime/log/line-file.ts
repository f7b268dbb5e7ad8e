/** Lines of a file that may be larger than memory: where lines begin is known by block, and blocks are read as they are asked for. */
import { read as readAsync, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { decodeText } from '../../../base/decode.ts'
import type { LogLine, LogLines } from '../../../contracts/target.ts'
import { formatSize } from '../../../contracts/units.ts'
import { type Flaw, lazyLines, type Part, withFlaw } from './line-list.ts'

const read = promisify(readAsync)
const NEWLINE = 10
/** A block ends with the first line that reaches beyond this many bytes. */
const BLOCK = 1024 * 1024
/** Up to here a log is a plain list of lines. */
const SMALL = 16 * 1024 * 1024
/** Bytes that are kept of one line. */
const LONGEST_LINE = 16 * 1024 * 1024

interface Block {
  /** Offset in the file. */
  readonly at: number
  /** Number of its first line. */
  readonly line: number
}

export class LineFile {
  readonly #file: number
  readonly #blocks: Block[]
  readonly #from: number
  /** How far newlines were counted, and how many there were. */
  #end: number
  #lines = 0
  #counting: Promise<void> = Promise.resolve()

  /** Lines from an offset on of a file that is open and only grows. */
  constructor(file: number, from = 0) {
    this.#file = file
    this.#from = from
    this.#end = from
    this.#blocks = [{ at: from, line: 0 }]
  }

  /** The lines up to `size`, the one that is still being written too. Every byte is counted once, however often this is called. */
  async lines(size: number, flaw?: Flaw): Promise<LogLines> {
    this.#counting = this.#counting.then(() => this.#count(size))
    await this.#counting
    const end = this.#end
    if (end - this.#from <= SMALL) return withFlaw(linesIn(this.#bytes(this.#from, end)), flaw)
    const isOpen = this.#bytes(end - 1, end)[0] !== NEWLINE
    const blocks = this.#blocks.slice()
    return lazyLines(this.#lines + (isOpen ? 1 : 0), (line) => this.#block(blocks, line, end), flaw)
  }

  async #count(size: number): Promise<void> {
    const piece = Buffer.allocUnsafe(BLOCK)
    while (this.#end < size) {
      const { bytesRead } = await read(this.#file, piece, 0, Math.min(BLOCK, size - this.#end), this.#end)
      if (bytesRead === 0) return
      this.#countIn(piece.subarray(0, bytesRead))
      this.#end += bytesRead
    }
  }

  #countIn(piece: Buffer): void {
    for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) {
      this.#lines++
      const next = this.#end + at + 1
      if (next - (this.#blocks.at(-1) as Block).at >= BLOCK) this.#blocks.push({ at: next, line: this.#lines })
    }
  }

  /** The block with a line. */
  #block(blocks: readonly Block[], line: number, end: number): Part {
    let [low, high] = [0, blocks.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((blocks[middle] as Block).line <= line) low = middle
      else high = middle - 1
    }
    const { at, line: first } = blocks[low] as Block
    return { first, lines: linesIn(this.#bytes(at, blocks[low + 1]?.at ?? end)) }
  }

  /** Only the beginning of a line that is longer than the limit. */
  #bytes(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.min(to - from, SMALL + BLOCK + 1))
    for (let size = 0; size < bytes.length; ) {
      const length = readSync(this.#file, bytes, size, bytes.length - size, from + size)
      if (length === 0) return bytes.subarray(0, size)
      size += length
    }
    return bytes
  }
}

/** Lines without their ends, the last also where it has no end yet. */
export function linesIn(bytes: Uint8Array): LogLine[] {
  const text = decodeText(bytes)
  if (typeof text === 'string' && bytes.length <= LONGEST_LINE) {
    const lines = text.split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    return lines
  }
  const lines: LogLine[] = []
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from)
    const to = end === -1 ? bytes.length : end
    lines.push(lineOf(bytes.subarray(from, to)))
    from = to + 1
  }
  return lines
}

function lineOf(bytes: Uint8Array): LogLine {
  if (bytes.length > LONGEST_LINE)
    return decodeText(bytes.subarray(0, LONGEST_LINE), { cut: `cut at ${formatSize(LONGEST_LINE)}` })
  return decodeText(bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes)
}
