/**
 * Expressions in a shell string become variables of the script, so that a value can't become syntax. Measured: pasting
 * quoted words lets `$HOME` expand within `"…"` and is a syntax error within `'…'`.
 */
import type { Command } from '../contracts/command.ts'
import { quotingAt, type Where } from './shell-quoting.ts'
import { asText, type Expression, evaluateWithin, expressionsIn, filled, type Names, ValueError } from './values.ts'

/** The script with its variables. Throws a ValueError for an expression where no variable can stand. */
export function shellScript(text: string, names: Names): Command {
  if (!text.includes('${{')) return { sh: text }
  const expressions = expressionsIn(text)
  const places = quotingAt(text, expressions)
  const set: Record<string, string> = {}
  const sh = filled(text, expressions, (expression, index) => {
    const where = places[index] ?? 'bare'
    const bad = misplaced(where, expression)
    if (bad) throw bad
    return variable(`SD_${index + 1}`, evaluateWithin(expression, names), where, set)
  })
  return expressions.length === 0 ? { sh } : { sh, set }
}

/** Unquoted it is one word whatever it holds, and a list is several; within quotes it is a piece of the text. */
function variable(name: string, value: unknown, where: Where, set: Record<string, string>): string {
  if (Array.isArray(value) && where === 'bare')
    return value.map((word, index) => variable(`${name}_${index + 1}`, asText(word), where, set)).join(' ')
  set[name] = asText(value)
  return where === 'bare' ? `"$${name}"` : `\${${name}}`
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
  heredoc: 'within a heredoc: its value would be read as shell text',
  backslash: 'right behind a backslash: the shell would not fill it in',
}

function misplaced(where: Where, { start, end }: Expression): ValueError | undefined {
  const why = MISPLACED[where]
  return why === undefined ? undefined : new ValueError(`an expression can't stand ${why}`, start, end)
}
