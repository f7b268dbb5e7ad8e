/** The errors of the YAML library, in words for people, at the character that caused them. */
import type { YAMLError } from 'yaml'
import type { YamlProblem } from './problem.ts'
import { openBracket, type Scan } from './scan.ts'
import { missingBlank, slipAt } from './slips.ts'
import { quoteIt } from './traps.ts'

export function wordsOf(text: string, scan: Scan, error: YAMLError): YamlProblem {
  const code = error.code.toLowerCase()
  const [start, end] = error.pos
  const quote = openQuote(scan, error)
  if (quote) return { code: 'open_quote', ...QUOTE, start: quote.start, end: quote.start + 1 }
  const bracket = isBracket(error) ? openBracket(scan, start) : undefined
  const trap = quoteIt(text, bracket ?? start)
  if (trap) return { code, message: trap.message, hint: trap.hint, start: trap.start, end: trap.end }
  if (bracket !== undefined) return { code, ...BRACKET, start: bracket, end: bracket + 1 }
  const colon = missingBlank(text, start)
  if (colon && /IMPLICIT_KEY|MISSING_CHAR/.test(error.code)) return { code: 'missing_blank', ...colon }
  const slip = slipAt(text, error.message, error.pos)
  if (slip) return { code, ...slip }
  return { code, ...plainWords(error), start, end: Math.max(start + 1, Math.min(end, lineEnd(text, start))) }
}

const QUOTE = {
  message: 'this quote is not closed on its line',
  hint: 'close it, or double it if a quote is meant; a text of several lines goes into a block scalar: |',
}
const BRACKET = { message: 'this bracket is never closed', hint: 'close it on the same line, or indent what is inside' }

/** A quote that is not closed swallows lines up to the next quote: the library reports that later quote, and the cause is where the first one opens. */
function openQuote({ longQuotes }: Scan, { message, pos: [position] }: YAMLError) {
  if (/^Missing closing/.test(message)) return longQuotes.findLast(({ start }) => start < position)
  return longQuotes.findLast(({ start, end }) => start <= position && position <= end + 1)
}

function isBracket({ message }: YAMLError): boolean {
  return /must be sufficiently indented and end with|must end with a [\]}]/i.test(message)
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end === -1 ? text.length : end
}

type Words = { readonly message: string; readonly hint: string }
const words = (message: string, hint: string): Words => ({ message, hint })

const QUOTE_ALL = 'quote the whole value, or put it into a block scalar: |'
const INDENT = 'give all of them the same number of blanks'

/** By what the library's message says; the first that fits. */
const TABLE: readonly (readonly [RegExp, Words])[] = [
  [/^Nested mappings/, words('`: ` within a value begins a mapping in it', QUOTE_ALL)],
  [
    /block sequence may not be used as an implicit|block-seq-ind on same line/,
    words('a list begins in the middle of a line', 'begin it on the next line, or write [a, b]'),
  ],
  [/^Implicit keys of flow/, words('a key within [ ] must stand on one line', 'put it into { }')],
  [
    /^Implicit map keys need/,
    words('a key without a colon', 'write `key: value`, or quote it together with the text above'),
  ],
  [/All mapping items must start/, words('this key is indented differently from the keys above it', INDENT)],
  [/All sequence items must start/, words('this item is indented differently from the items above it', INDENT)],
  [
    /Sequence item without -/,
    words('this is not an item of the list above', 'begin it with `- `, or indent it differently'),
  ],
  [
    /more-indented leading empty lines/,
    words(
      'the empty lines of this text are indented deeper than its first line',
      'take the blanks out of the empty lines',
    ),
  ],
  [/^Tabs are not allowed/, words("a tab can't indent YAML", 'use spaces')],
  [/at node end/, words('the value ended before this', QUOTE_ALL)],
  [
    /^Comments must be separated/,
    words('a comment needs a blank before its #', 'add a blank, or quote the text if # belongs to it'),
  ],
  [/^Missing space after :/, words('a blank is missing after the colon', 'write `key: value`')],
  [
    /^Missing , or :|^Missing ,/,
    words('a comma is missing before this', 'separate the parts within { } and [ ] by commas'),
  ],
  [/^Unexpected empty item|^Unexpected , in/, words('there is nothing before this comma', 'take the comma out')],
  [
    /^Unexpected (flow-map-end|flow-seq-end|[}\]])/,
    words('this bracket closes nothing', 'take it out, or open it above'),
  ],
  [/^Plain value cannot start with/, words("a text can't begin with this character", 'quote it')],
  [
    /^Invalid escape sequence/,
    words("this can't stand behind a backslash within double quotes", 'double the backslash, or use single quotes'),
  ],
  [/^Block scalar header/, words('nothing can follow | or > on its line', 'begin the text on the next line')],
  [/^Block collection cannot start/, words('nothing can follow --- on its line', 'begin on the next line')],
  [
    /^Block collections are not allowed|^Block collection/,
    words('within { } and [ ] there are no lines with - or `key:` alone', 'write {key: value} or [a, b]'),
  ],
  [/1024 chars/, words('a key has at most 1,024 characters', 'quote it if it is a value')],
  [/^Alias cannot be an empty|^Alias ending/, words('a * here names an anchor', 'quote it if text is meant: "*"')],
  [
    /^Anchor cannot be an empty|^Anchor ending|at most one anchor/,
    words('a & here names an anchor', 'quote it if text is meant: "&"'),
  ],
  [/^Tags and anchors must be/, words('a blank is missing after this anchor', 'quote it if text is meant')],
  [/alias node must not/, words("an alias can't have an anchor of its own", 'leave the & word out')],
  [/^Anchors and tags must be after/, words('an anchor stands behind the - or the colon', 'write `- &name`')],
  [/directives-end|doc-end/, words('this line ends a document that has not begun', 'take it out')],
]

function plainWords({ message }: YAMLError): Words {
  return TABLE.find(([pattern]) => pattern.test(message))?.[1] ?? UNKNOWN
}

const UNKNOWN = words("this can't be read as YAML", 'check quotes, brackets and indentation on this line')
