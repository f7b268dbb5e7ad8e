/** The reason why a text is not JSON, and its place: for people who have to mend the program that wrote it. */
import { known } from './redact/known.ts'
import { MASK } from './redact/redactor.ts'

/** `line 1, column 7: NaN is not a JSON value`. `text` is one that JSON.parse refuses. */
export function jsonFault(text: string): string {
  const start = text.search(/\S/)
  // The first character identifies pages and other plain texts, without a parser.
  if (text[start] === '<')
    return /^<(!doctype html|html)/i.test(text.slice(start)) ? 'it is an HTML page' : 'it is XML or HTML'
  if (text.startsWith(")]}'", start))
    return `${spot(text, start)}: it begins with )]}' (a guard against scripts), which is not JSON`
  if (!/[{["\dtfn-]/.test(text[start] ?? '')) return `${spot(text, start)}: ${strayAt(text, start)}`
  const first = firstError(text)
  return first ? causeOf(text, first) : 'it is nested too deeply to be read'
}

/** The first error of a parser that, unlike JSON.parse, gives its place. Undefined where brackets overflow its stack. */
function firstError(text: string): Fault | undefined {
  const { printParseErrorCode, visit } = require('jsonc-parser') as typeof import('jsonc-parser')
  let first: Fault | undefined
  try {
    visit(
      text,
      {
        onError: (code, offset) => {
          first = { code: printParseErrorCode(code), offset }
          throw new Found()
        },
      },
      { disallowComments: true },
    )
  } catch (error) {
    if (!(error instanceof Found) && !(error instanceof RangeError)) throw error
  }
  return first
}

interface Fault {
  readonly code: string
  readonly offset: number
}

/** Stops the parser at its first error. */
class Found extends Error {}

function causeOf(text: string, { code, offset }: Fault): string {
  const at = spot(text, offset)
  const isEnd = text.slice(offset).trim() === ''
  if (code === 'UnexpectedEndOfString') return stringFault(text, offset)
  if (code === 'InvalidEscapeCharacter' || code === 'InvalidUnicode') return badEscape(text, offset)
  if (code === 'InvalidCharacter') return controlCharacter(text, offset)
  if (code === 'InvalidCommentToken' || code === 'UnexpectedEndOfComment')
    return `${at}: a comment, which JSON does not have`
  if (code === 'UnexpectedEndOfNumber') return `${at}: ${wordAt(text, offset)} is not a number of JSON`
  if (isEnd) return `${at}: it ends too early, in the middle of ${isOpen(text) ? 'a list' : 'an object'}`
  if (code === 'EndOfFileExpected') return `${at}: ${secondValue(text, offset)}`
  return `${at}: ${strayAt(text, offset)}`
}

/** Whether the innermost bracket left open is a list's. The text is known to be valid up to its end. */
function isOpen(text: string): boolean {
  const open: string[] = []
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') open.push(token)
    else if (token === ']' || token === '}') open.pop()
  }
  return open.at(-1) === '['
}

function stringFault(text: string, offset: number): string {
  const end = text.slice(offset).search(/[\r\n]/)
  if (end === -1) return `${spot(text, offset)}: a text that is never closed by "`
  return `${spot(text, offset + end)}: a line break inside a text, which JSON writes as \\n`
}

/** The parser points at the start of the text, which may be long. */
function badEscape(text: string, offset: number): string {
  const [upTo = '', bad = '\\'] =
    /^"(?:[^\\]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*(\\(?:u.{0,4}|.))/is.exec(text.slice(offset, offset + LONGEST)) ?? []
  return `${spot(text, offset + Math.max(0, upTo.length - bad.length))}: JSON does not have the escape ${bad}`
}

/** How far a text is searched for its fault. */
const LONGEST = 100_000

function controlCharacter(text: string, offset: number): string {
  const at = offset + Math.max(0, text.slice(offset).search(/[\0-\x1f]/))
  const code = (text.charCodeAt(at) || 0).toString(16).padStart(4, '0')
  return `${spot(text, at)}: a control character inside a text, which JSON writes as \\u${code}`
}

function secondValue(text: string, offset: number): string {
  const [before, after] = [text.slice(0, offset), text.slice(offset)]
  if (!/^[{["\dtfn-]/.test(after)) return strayAt(text, offset)
  return /\n\s*$/.test(before)
    ? 'a second JSON value begins here (NDJSON: one value a line, not one document)'
    : 'a second JSON value begins here'
}

const PYTHON: Readonly<Record<string, string>> = { None: 'null', True: 'true', False: 'false' }
const INVISIBLE: Readonly<Record<string, string>> = {
  '\ufeff': 'a byte order mark (U+FEFF)',
  '\u00a0': 'a no-break space (U+00A0)',
  '\u200b': 'a zero-width space (U+200B)',
  '\0': 'a NUL character (U+0000)',
  '\u001b': 'an escape character (U+001B, colored output)',
}

/** The unexpected text at an offset, in words. */
function strayAt(text: string, offset: number): string {
  const character = text[offset] ?? ''
  const invisible = INVISIBLE[character]
  if (invisible) return `${invisible} is not JSON`
  if (character === "'") return 'single quotes, where JSON has double quotes'
  if (/[\u2018-\u201f]/.test(character)) return `${character} where JSON has "`
  if (/[}\]]/.test(character) && /,\s*$/.test(text.slice(0, offset))) return `a comma before the closing ${character}`
  if (character === ',') return 'a comma without a value before it'
  const word = wordAt(text, offset)
  if (/^-?(nan|infinity)$/i.test(word)) return `${word} is not a JSON value`
  if (Object.hasOwn(PYTHON, word)) return `${word} is not a JSON value: JSON has ${PYTHON[word]}`
  if (/^[+.]\d/.test(word) || /^-?0[\dx]/i.test(numberAround(text, offset)))
    return `${numberAround(text, offset)} is not a number of JSON`
  if (/^\s*:/.test(text.slice(offset + word.length)) && word !== '') return `the key ${word} is not in double quotes`
  if (/[}\]]/.test(character)) return `${character} closes nothing here`
  return `${word || JSON.stringify(character)} is not JSON here${needsComma(text, offset) ? ': a comma is missing before it' : ''}`
}

function needsComma(text: string, offset: number): boolean {
  return /["\d}\]el]\s+$/.test(text.slice(0, offset)) && /^["{[\d]/.test(text.slice(offset))
}

function wordAt(text: string, offset: number): string {
  const word = /^[-+.]*[\p{L}\p{N}_$][\p{L}\p{N}_$.+-]{0,39}/u.exec(text.slice(offset, offset + 50))?.[0] ?? ''
  const end = offset + word.length
  if (known.hides(text, offset, end)) return MASK
  // The ellipsis says that it is part of more, which may turn out to be a secret.
  return word === '' || /^(?:$|[\s,:}\]])/.test(text.slice(end, end + 1)) ? word : `${word}…`
}

/** `01` for the `1` that a parser stops at. */
function numberAround(text: string, offset: number): string {
  const before = /[-+.\d]*$/.exec(text.slice(Math.max(0, offset - 20), offset))?.[0] ?? ''
  return `${before}${wordAt(text, offset)}`
}

function spot(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`
}
