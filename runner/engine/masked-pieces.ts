import type { Redactor } from '../base/redact/redactor.ts'

/** The longest form of a secret to expect, in characters. */
const LONGEST = 1 << 16

/** Masks a text that comes in pieces: a secret may begin in one and end in the next. */
export function* maskedPieces(pieces: Iterable<string>, redactor: Pick<Redactor, 'text'>): Generator<string> {
  let held = ''
  for (const piece of pieces) {
    held += piece
    const cut = held.lastIndexOf('\n', held.length - LONGEST) + 1
    if (cut === 0 || !isApart(held, cut, redactor)) continue
    yield redactor.text(held.slice(0, cut))
    held = held.slice(cut)
  }
  if (held !== '') yield redactor.text(held)
}

/** True if a secret does not lie on both sides of the cut. */
function isApart(text: string, cut: number, redactor: Pick<Redactor, 'text'>): boolean {
  const mask = (part: string) => redactor.text(part)
  const [before, after] = [text.slice(Math.max(0, cut - LONGEST), cut), text.slice(cut, cut + LONGEST)]
  return mask(before + after) === mask(before) + mask(after)
}
