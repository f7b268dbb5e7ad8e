/** Values in `${{ }}`: CEL expressions over names. Substitution happens on parsed scalars, never on text. */
import { exactJson } from '../base/exact-json.ts'
import { Spelled, unspelled } from '../base/spelling.ts'
import { PlanError } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { evaluateSpelled, type Names } from './cel/evaluate.ts'
import { note } from './filled.ts'
import { isGathered } from './gathered.ts'
import { located, ValueError } from './value-error.ts'

export { evaluate, type Names } from './cel/evaluate.ts'
export { type NameUsed, namesUsed } from './cel/names.ts'
export { located, ValueError } from './value-error.ts'

/** A piece of text that is an expression; `start` and `end` are those of the whole `${{ }}`, `at` where the CEL begins. */
export interface Expression {
  readonly source: string
  readonly start: number
  readonly end: number
  readonly at: number
}

/** All expressions of a text. `${{ }}` ends at the first `}}` outside a CEL string; `$${{` is a literal. */
export function expressionsIn(text: string): Expression[] {
  const found: Expression[] = []
  for (let from = text.indexOf('${{'); from !== -1; ) {
    if (text[from - 1] === '$') {
      from = text.indexOf('${{', from + 3)
      continue
    }
    const end = closing(text, from + 3)
    if (end === -1) throw new ValueError('this ${{ is never closed by }}', from, text.length)
    const inner = text.slice(from + 3, end)
    const at = from + 3 + (inner.length - inner.trimStart().length)
    found.push({ source: inner.trim(), start: from, end: end + 2, at })
    from = text.indexOf('${{', end + 2)
  }
  return found
}

function closing(text: string, from: number): number {
  let quoted = ''
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quoted) {
      if (character === '\\') at++
      else if (character === quoted) quoted = ''
    } else if (character === '"' || character === "'") quoted = character
    else if (character === '}' && text[at + 1] === '}') return at
  }
  return -1
}

/** Fills a text in: a text that is one expression keeps its type, a mixed one gives text. */
export function substitute(text: string, names: Names): unknown {
  return unspelled(substituteSpelled(text, names))
}

/** The same; a scalar that is spelled unusually is a `Spelled`. */
export function substituteSpelled(text: string, names: Names): unknown {
  if (!text.includes('${{')) return text
  const expressions = expressionsIn(text)
  const [only] = expressions
  if (only && expressions.length === 1 && only.start === 0 && only.end === text.length)
    return evaluateWithin(only, names)
  return filled(text, expressions, (expression) => textWithin(expression, names))
}

/** The value of an expression where a text is wanted. Throws a ValueError for what has no text. */
function textWithin(expression: Expression, names: Names): string {
  const value = evaluateWithin(expression, names)
  const why = whyNoText(value, expression.source)
  if (why) throw new ValueError(why, expression.start, expression.end)
  return asText(value)
}

/** Why a value can't be text; `what` is what people wrote. */
export function whyNoText(value: unknown, what: string): string | undefined {
  if (value === null || value === undefined)
    return `${what} is null, and text is wanted here; \`${what} == null ? "" : ${what}\` gives an empty text instead`
  if (isGathered(value))
    return `${what} is a list: it was captured inside for-each or repeat, once a round; take one with ${what}[0], or join them with ${what}.join(",")`
  return undefined
}

/** The text with each expression replaced. `$${{` of the text, and of the text alone, becomes `${{`. */
export function filled(
  text: string,
  expressions: readonly Expression[],
  fill: (expression: Expression, index: number) => string,
): string {
  const literal = (from: number, to: number) => text.slice(from, to).replaceAll('$${{', '${{')
  const ends = [0, ...expressions.map(({ end }) => end)]
  const pieces = expressions.map((one, index) => literal(ends[index] ?? 0, one.start) + fill(one, index))
  return pieces.join('') + literal(ends.at(-1) ?? 0, text.length)
}

/** A value inside a text: a scalar as it is spelled, a list or mapping as JSON with every digit. */
export function asText(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Spelled) return String(value)
  return exactJson(unspelled(value))
}

/** The value of an expression, in its spelling; errors have their place in the whole text. */
export function evaluateWithin({ source, at }: Expression, names: Names): unknown {
  try {
    return note(names, source, evaluateSpelled(source, names))
  } catch (error) {
    throw error instanceof ValueError ? new ValueError(error.message, at + error.start, at + error.end) : error
  }
}

/** The value of CEL with or without `${{ }}`. */
export function evaluateBare(text: string, names: Names): unknown {
  if (text.includes('${{')) return substituteSpelled(text, names)
  const source = text.trim()
  return note(names, source, evaluateSpelled(source, names))
}

/** A boolean by CEL, with or without `${{ }}`; there is no truthiness. */
export function evaluateFlag(said: unknown, names: Names, place: Place): boolean {
  const value = typeof said === 'string' ? located(() => unspelled(evaluateBare(said, names)), place) : said
  if (typeof value === 'boolean') return value
  const message = `this is ${value === undefined ? 'nothing' : asText(value)}, and must be true or false`
  const hint = 'compare it: `x == "up"`, `size(list) > 0`'
  throw new PlanError([{ code: 'not-boolean', message, hint, level: 'error', place }])
}
