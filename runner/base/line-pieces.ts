import { knownText } from './decode.ts'
import type { Incomplete } from './incomplete.ts'

const PIECE = 1024 * 1024

/** Lines as text, about a million characters at a time, so that a log that is larger than memory can be written down. */
export function* linePieces(lines: Iterable<string | Incomplete>): Generator<string> {
  let piece = ''
  for (const line of lines) {
    piece += `${knownText(line)}\n`
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
