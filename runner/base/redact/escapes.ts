/** How programs write characters: JSON and its kin, shells, URLs, HTML, quoted-printable. */
import { HEX, isHex } from './skeleton.ts'

export interface Escape {
  /** The decoded bytes. */
  readonly bytes: ArrayLike<number> & Iterable<number>
  /** How many bytes it takes. */
  readonly length: number
}

export interface Rule {
  /** The offset where the next escape may begin; the length when there is none. */
  next(bytes: Uint8Array, from: number): number
  decode(bytes: Uint8Array, at: number): Escape | undefined
}

const BACKSLASH = 0x5c
const PERCENT = 0x25
const AMPERSAND = 0x26
const EQUALS = 0x3d
const BRACE = 0x7b
const SEMICOLON = 0x3b

/** A backslash, percent sign or ampersand and what belongs to it. */
export const escapes: Rule = {
  next: (bytes, from) => {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i]
      if (byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND) return i
    }
    return bytes.length
  },
  decode: (bytes, at) => {
    const byte = bytes[at]
    if (byte === BACKSLASH) return backslash(bytes, at)
    return byte === PERCENT ? percent(bytes, at) : entity(bytes, at)
  },
}

/** RFC 2045, 6.7. Apart from the others, since `TOKEN=beef` is not an escape. */
export const quotedPrintable: Rule = {
  next: (bytes, from) => {
    const at = bytes.indexOf(EQUALS, from)
    return at === -1 ? bytes.length : at
  },
  decode: (bytes, at) => {
    if (bytes[at + 1] === 0x0a) return { bytes: [], length: 2 }
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return { bytes: [], length: 3 }
    return octet(bytes, at + 1, 3)
  },
}

const LETTERS: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  f: 0x0c,
  v: 0x0b,
  b: 0x08,
  a: 0x07,
  e: 0x1b,
}
const CONTROLS = new Map(Object.entries(LETTERS).map(([letter, code]) => [letter.charCodeAt(0), code]))

function backslash(bytes: Uint8Array, at: number): Escape | undefined {
  const next = bytes[at + 1]
  if (next === undefined) return undefined
  if (next === 0x75 || next === 0x55 || next === 0x78) {
    const found = numbered(bytes, at, next)
    if (found) return found
  }
  const number = octal(bytes, at) ?? (isDigit(next) ? octet(bytes, at + 1, 3) : undefined)
  return number ?? { bytes: [CONTROLS.get(next) ?? next], length: 2 }
}

/** `\u00e9`, `\u{e9}`, `\U000000e9`, `\xe9`, `\x{e9}`. */
function numbered(bytes: Uint8Array, at: number, letter: number): Escape | undefined {
  if (bytes[at + 2] === BRACE) return braced(bytes, at)
  if (letter === 0x78) return isUtf8(bytes, at) ? octet(bytes, at + 2, 4) : character(hexAt(bytes, at + 2, 2), 4)
  return letter === 0x75 ? unit(bytes, at, 2) : character(hexAt(bytes, at + 2, 8), 10)
}

/** `\xc3\xa9` are the bytes of a character, `\xe9` alone is its number. */
function isUtf8(bytes: Uint8Array, at: number): boolean {
  const isContinued = (place: number) => bytes[place] === BACKSLASH && (hexAt(bytes, place + 2, 2) ?? 0) >> 6 === 0b10
  return isContinued(at + 4) || (isContinued(at) && bytes[at - 4] === BACKSLASH)
}

function braced(bytes: Uint8Array, at: number): Escape | undefined {
  const end = bytes.subarray(at, at + 12).indexOf(0x7d)
  return end < 4 ? undefined : character(hexAt(bytes, at + 3, end - 3), end + 1)
}

/** A UTF-16 unit, or two that make one character: `\ud83d\ude00`, `%u20ac`. */
function unit(bytes: Uint8Array, at: number, prefix: number): Escape | undefined {
  const high = hexAt(bytes, at + prefix, 4)
  const length = prefix + 4
  if (high === undefined || high < 0xd800 || high > 0xdbff) return character(high, length)
  const low = hexAt(bytes, at + length + prefix, 4)
  if (low === undefined || bytes[at + length] !== bytes[at] || low < 0xdc00 || low > 0xdfff) return undefined
  return character(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 2 * length)
}

function percent(bytes: Uint8Array, at: number): Escape | undefined {
  return bytes[at + 1] === 0x75 ? unit(bytes, at, 2) : octet(bytes, at + 1, 3)
}

/** `\303\251`. */
function octal(bytes: Uint8Array, at: number): Escape | undefined {
  let value = 0
  for (let i = at + 1; i <= at + 3; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 7) return undefined
    value = value * 8 + digit
  }
  return value > 255 ? undefined : { bytes: [value], length: 4 }
}

/** Two hex digits: a byte. */
function octet(bytes: Uint8Array, at: number, length: number): Escape | undefined {
  const value = hexAt(bytes, at, 2)
  return value === undefined ? undefined : { bytes: [value], length }
}

const LONGEST_ENTITY = 34

/** `&amp;`, `&#38;`, `&#x26;`. A name that is not a letter means punctuation, which skeletons lack. */
function entity(bytes: Uint8Array, at: number): Escape | undefined {
  let end = 1
  while (end < LONGEST_ENTITY && isOfName(bytes[at + end])) end++
  if (bytes[at + end] !== SEMICOLON) return undefined
  const name = String.fromCharCode(...bytes.subarray(at + 1, at + end))
  if (!/^(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]*)$/.test(name)) return undefined
  if (/^#[xX]/.test(name)) return character(Number.parseInt(name.slice(2), 16), end + 1)
  if (name.startsWith('#')) return character(Number.parseInt(name.slice(1), 10), end + 1)
  return { bytes: Buffer.from(namedCharacter(name)), length: end + 1 }
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  Tab: '\t',
  NewLine: '\n',
  excl: '!',
  num: '#',
  dollar: '$',
  percnt: '%',
  lpar: '(',
  rpar: ')',
  ast: '*',
  plus: '+',
  comma: ',',
  period: '.',
  sol: '/',
  colon: ':',
  semi: ';',
  equals: '=',
  quest: '?',
  commat: '@',
  lsqb: '[',
  lbrack: '[',
  bsol: '\\',
  rsqb: ']',
  rbrack: ']',
  Hat: '^',
  lowbar: '_',
  grave: '`',
  lcub: '{',
  lbrace: '{',
  verbar: '|',
  vert: '|',
  rcub: '}',
  rbrace: '}',
  szlig: 'ß',
  aelig: 'æ',
  AElig: 'Æ',
  oslash: 'ø',
  Oslash: 'Ø',
  eth: 'ð',
  ETH: 'Ð',
  thorn: 'þ',
  THORN: 'Þ',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  sect: '§',
}

/** Marks that HTML names after a letter: `eacute`. */
const MARKS: Readonly<Record<string, string>> = {
  grave: '\u0300',
  acute: '\u0301',
  circ: '\u0302',
  tilde: '\u0303',
  uml: '\u0308',
  ring: '\u030a',
  cedil: '\u0327',
  caron: '\u030c',
}

function namedCharacter(name: string): string {
  if (Object.hasOwn(NAMED, name)) return NAMED[name] as string
  const mark = MARKS[name.slice(1)]
  return mark === undefined ? '?' : `${name[0]}${mark}`.normalize('NFC')
}

function character(code: number | undefined, length: number): Escape | undefined {
  if (code === undefined || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined
  return { bytes: code < 0x80 ? [code] : Buffer.from(String.fromCodePoint(code)), length }
}

function hexAt(bytes: Uint8Array, at: number, digits: number): number | undefined {
  let value = 0
  for (let i = at; i < at + digits; i++) {
    if (!isHex(bytes[i])) return undefined
    value = value * 16 + (HEX[bytes[i] as number] as number)
  }
  return value
}

function isOfName(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const letter = byte | 0x20
  return byte === 0x23 || isDigit(byte) || (letter >= 0x61 && letter <= 0x7a)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
