/**
 * Expressions in a shell string become variables of the script, so that a value can't become syntax. Measured: pasting
 * quoted words lets `$HOME` expand within `"…"` and is a syntax error within `'…'`.
 */
import { exactJson } from '../base/exact-json.ts'
import { spelledEntries, unspelled } from '../base/spelling.ts'
import type { Command } from '../contracts/command.ts'
import { quotingAt, type Where } from './shell-quoting.ts'
import {
  asText,
  type Expression,
  evaluateWithin,
  expressionsIn,
  filled,
  type Names,
  ValueError,
  whyNoText,
} from './values.ts'

/** The script with its variables. Throws a ValueError for an expression where no variable can stand. */
export function shellScript(text: string, names: Names): Command {
  if (text.includes('\0'))
    throw new ValueError('a NUL character cannot stand in a command', text.indexOf('\0'), text.length)
  if (!text.includes('${{')) return { sh: text }
  const expressions = expressionsIn(text)
  const places = quotingAt(text, expressions)
  const set: Record<string, string> = {}
  const sh = filled(text, expressions, (expression, index) => {
    const where = places[index] ?? 'bare'
    const bad = misplaced(where, expression)
    if (bad) throw bad
    return variable(`SD_${index + 1}`, evaluateWithin(expression, names), { where, expression, set })
  })
  return expressions.length === 0 ? { sh } : { sh, set }
}

/** Unquoted it is one word whatever it holds, and a list is several; within quotes it is a piece of the text. */
function variable(name: string, value: unknown, { where, expression, set }: Spot): string {
  if (where === 'arithmetic') set[name] = integerOf(value, expression)
  else if (Array.isArray(value) && where === 'bare')
    return spelledEntries(value)
      .map(([index, word]) => variable(`${name}_${Number(index) + 1}`, word, { where, expression, set }))
      .join(' ')
  else set[name] = wordOf(value, expression)
  return where === 'bare' ? `"$${name}"` : `\${${name}}`
}

interface Spot {
  readonly where: Where
  readonly expression: Expression
  readonly set: Record<string, string>
}

function wordOf(value: unknown, { source, start, end }: Expression): string {
  const why = whyNoText(value, source)
  if (why) throw new ValueError(why, start, end)
  const text = asText(value)
  if (text.includes('\0')) throw new ValueError('this value holds a NUL character, which no shell can take', start, end)
  return text
}

/** A shell evaluates what a variable in `$(( ))` holds: names, commands in `a[$(…)]`, and numbers with a zero as octal. */
function integerOf(value: unknown, { source, start, end }: Expression): string {
  const plain = unspelled(value)
  const isWhole = typeof plain === 'bigint' || Number.isSafeInteger(plain)
  const text = isWhole || typeof plain === 'string' ? String(plain).trim() : ''
  if (!/^[+-]?\d+$/.test(text))
    throw new ValueError(`${source} is ${exactJson(plain)}: within $(( )) a value must be a whole number`, start, end)
  const exact = BigInt(text)
  if (BigInt.asIntN(64, exact) === exact) return String(exact)
  throw new ValueError(`${source} is ${exact}: $(( )) counts with 64 bits, and this number needs more`, start, end)
}

/** Tells, without any values, of the first expression that stands where no variable can. */
export function checkShellText(text: string): ValueError | undefined {
  const expressions = expressionsIn(text)
  const places = quotingAt(text, expressions)
  for (const [index, expression] of expressions.entries()) {
    const bad = misplaced(places[index] ?? 'bare', expression)
    if (bad) return bad
  }
  return undefined
}

const MISPLACED: Partial<Record<Where, string>> = {
  single: 'within single quotes: the shell fills nothing in there',
  dollar: "within $'…': the shell fills nothing in there",
  heredoc: 'within a heredoc: its value would be read as shell text',
  backslash: 'right behind a backslash: the shell would not fill it in',
}

function misplaced(where: Where, { start, end }: Expression): ValueError | undefined {
  const why = MISPLACED[where]
  return why === undefined ? undefined : new ValueError(`an expression can't stand ${why}`, start, end)
}
