/** Texts that differ in a way nobody sees: other blanks, invisible characters, other code points for the same letter. */

import { known } from '../base/redact/known.ts'

/** Longer texts are shown shortened, so that their difference may be out of sight. */
const SEEN = 80
/** Two texts are compared for what they look like only up to this length. */
const LONGEST = 100_000

/** The place where two texts first differ, and the two characters; undefined where the difference is plain to see. */
export function lookAlike(want: unknown, actual: unknown): string | undefined {
  if (typeof want !== 'string' || typeof actual !== 'string' || want === actual) return undefined
  // The differing letter of a secret is a part of the secret.
  if (known.text(want) !== want || known.text(actual) !== actual) return undefined
  const [wanted, found] = [[...want.slice(0, LONGEST)], [...actual.slice(0, LONGEST)]]
  const index = wanted.findIndex((letter, at) => letter !== found[at])
  const at = index === -1 ? wanted.length : index
  if (at < SEEN && seen(want) !== seen(actual)) return undefined
  return `character ${at + 1} differs: expected ${letterOf(wanted[at])}, actual ${letterOf(found[at])}`
}

const FOREIGN = [...'АВЕКМНОРСТУХІЈЅаеорсухіјѕԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο']
/** Cyrillic and Greek letters that look like Latin ones (https://www.unicode.org/reports/tr39/#Confusable_Detection). */
const LATIN: Readonly<Record<string, string>> = Object.fromEntries(
  [...'ABEKMHOPCTYXIJSaeopcyxijsdABEZHIKMNOPTYXo'].map((latin, index) => [FOREIGN[index] ?? '', latin]),
)

/** The place in the text where a wanted part would be, had it the same characters. */
export function lookAlikePart(want: unknown, actual: unknown): string | undefined {
  if (typeof want !== 'string' || typeof actual !== 'string' || actual.includes(want) || actual.length > LONGEST)
    return undefined
  if (known.text(want) !== want || known.text(actual) !== actual) return undefined
  const part = seen(want)
  if (part === '' || !seen(actual).includes(part)) return undefined
  const other = [...actual].find(
    (letter) => !/[ -~]/.test(letter) && !want.includes(letter) && (seen(letter) === '' || want.includes(seen(letter))),
  )
  const which = other === undefined ? 'other blanks or letters' : letterOf(other)
  return `it looks as if it did, but has ${which}`
}

/** The text as a person sees it: compatible forms and all blanks are the same, invisible characters are not there. */
function seen(text: string): string {
  return text
    .slice(0, LONGEST)
    .normalize('NFKC')
    .replace(/\p{Cf}+/gu, '')
    .replace(/[\p{Cc}\p{Zs}\s]+/gu, ' ')
    .trim()
    .replace(/[АВЕКМНОРСТУХІЈЅаеорсухіјѕԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο]/gu, (letter) => LATIN[letter] ?? letter)
    .replace(/[‐‑‒–—−]/gu, '-')
    .replace(/[‘’ʼ]/gu, "'")
    .replace(/[“”]/gu, '"')
}

const NAMES: Readonly<Record<string, string>> = {
  '\t': 'tab',
  '\n': 'line feed',
  '\r': 'carriage return',
  ' ': 'space',
  '\u00a0': 'no-break space',
  '\u202f': 'narrow no-break space',
  '\u200b': 'zero width space',
  '\ufeff': 'byte order mark',
  '\u00ad': 'soft hyphen',
}

function letterOf(letter: string | undefined): string {
  if (letter === undefined) return 'the end'
  const code = `U+${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
  const name = NAMES[letter]
  if (name !== undefined) return `a ${name} (${code})`
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(letter) ? `\`${letter}\` (${code})` : code
}
