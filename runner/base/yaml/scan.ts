import { type CST, Lexer, Parser } from 'yaml'

export interface Scan {
  readonly tokens: readonly CST.Token[]
  /** Brackets that mean something, so none within quotes or comments. */
  readonly brackets: readonly { readonly at: number; readonly opens: boolean }[]
  /** Quoted texts that are not closed, or only on another line. */
  readonly longQuotes: readonly { readonly start: number; readonly end: number }[]
  /** The offset where nesting gets too deep for later recursion; the tokens end there. */
  readonly tooDeep: number | undefined
}

/** Marks that the lexer puts before a plain text or the lines of a block scalar. */
const SCALAR = '\u001f'

/** A quoted text that is closed on its line. */
const CLOSED = /^(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*(?:''[^'\n]*)*')$/

/** Text → tokens of YAML, without recursion. */
export function scan(text: string, deepest: number): Scan {
  const tokens: CST.Token[] = []
  const brackets: { at: number; opens: boolean }[] = []
  const longQuotes: { start: number; end: number }[] = []
  const parser = new Parser()
  let before = ''
  for (const lexeme of new Lexer().lex(text)) {
    const at = parser.offset
    if (before !== SCALAR) {
      if (/^[[{\]}]$/.test(lexeme)) brackets.push({ at, opens: lexeme === '[' || lexeme === '{' })
      else if (/^["']/.test(lexeme) && !CLOSED.test(lexeme)) longQuotes.push({ start: at, end: at + lexeme.length })
    }
    before = lexeme
    for (const token of parser.next(lexeme)) tokens.push(token)
    // The document itself is on the stack, too.
    if (parser.stack.length > deepest + 1) return { tokens, brackets, longQuotes, tooDeep: parser.offset }
  }
  for (const token of parser.end()) tokens.push(token)
  return { tokens, brackets, longQuotes, tooDeep: undefined }
}

/** The innermost bracket that is still open at a position. */
export function openBracket({ brackets }: Scan, position: number): number | undefined {
  const open: number[] = []
  for (const { at, opens } of brackets) {
    if (at >= position) break
    if (opens) open.push(at)
    else open.pop()
  }
  return open.at(-1)
}
