/**
 * The only place where text is shortened. Secrets are masked first: a part of one would not be found later. What becomes
 * secret only afterwards (a capture) is masked where text leaves the process, cut off or not.
 */
import { known } from './redact/known.ts'

/** Masking covers more of a text than is shown: a secret may begin before the cut and end behind it. */
const WINDOW = 1 << 16

/** A long text in short, on one line. */
export function brief(text: string, longest = 160): string {
  return cut(head(text, longest).replace(/\s+/g, ' ').trim(), longest, text.length > longest + WINDOW)
}

/** A text cut at so many characters. `more` says what follows the ellipsis, given how many characters are missing. */
export function clip(text: string, longest: number, more: (missing: number) => string = () => ''): string {
  const masked = known.knowsAny ? known.text(text) : text
  if (masked.length <= longest) return masked
  const kept = whole(masked, longest)
  return `${kept}…${more(masked.length - kept.length)}`
}

/** The last lines of a text. */
export function lastLines(text: string, most: number): string {
  return known.text(text).split('\n').slice(-most).join('\n')
}

function head(text: string, longest: number): string {
  return known.text(text.length > longest + WINDOW ? text.slice(0, longest + WINDOW) : text)
}

function cut(text: string, longest: number, isPart: boolean): string {
  return text.length <= longest ? `${text}${isPart ? '…' : ''}` : `${whole(text, longest)}…`
}

/** Not in the middle of a character of two UTF-16 units. */
function whole(text: string, longest: number): string {
  return text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')
}
