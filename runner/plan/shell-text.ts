/**
 * Expressions in a shell string become variables of the script, so that a value can't become syntax. Measured: pasting
 * quoted words lets `$HOME` expand within `"…"` and is a syntax error within `'…'`.
 */
import type { Command } from '../contracts/command.ts'
import { asText, evaluate, expressionsIn, type Names, ValueError } from './values.ts'

/** The script with its variables. Throws a ValueError for an expression where no variable can stand. */
export function shellScript(text: string, names: Names): Command {
  if (!text.includes('${{')) return { sh: text }
  const set: Record<string, string> = {}
  let script = ''
  let from = 0
  for (const [index, expression] of expressionsIn(text).entries()) {
    const where = whereIs(text, expression.start)
    if (where === 'single') throw misplaced('single quotes', expression)
    if (where === 'heredoc') throw misplaced('a heredoc', expression)
    const value = evaluate(expression.source, names)
    script += text.slice(from, expression.start) + variable(`SD_${index + 1}`, value, where, set)
    from = expression.end
  }
  return { sh: (script + text.slice(from)).replaceAll('$${{', '${{'), set }
}

/** Tells, without any values, whether every expression stands where a variable can. */
export function checkShellText(text: string): ValueError | undefined {
  for (const expression of expressionsIn(text)) {
    const where = whereIs(text, expression.start)
    if (where === 'single') return misplaced('single quotes', expression)
    if (where === 'heredoc') return misplaced('a heredoc', expression)
  }
  return undefined
}

type Where = 'bare' | 'double' | 'single' | 'heredoc'

function variable(name: string, value: unknown, where: Where, set: Record<string, string>): string {
  if (Array.isArray(value) && where === 'bare') {
    return value
      .map((word, index) => {
        set[`${name}_${index + 1}`] = asText(word)
        return `"$${name}_${index + 1}"`
      })
      .join(' ')
  }
  set[name] = asText(value)
  return where === 'double' ? `\${${name}}` : `"$${name}"`
}

function whereIs(text: string, position: number): Where {
  let where: Where = 'bare'
  let heredoc: string | undefined
  for (let at = 0; at < position; at++) {
    if (where === 'bare' && text[at] === '\n' && heredoc !== undefined) {
      const end = endOfHeredoc(text, at + 1, heredoc)
      if (position < end) return 'heredoc'
      at = end - 1
      heredoc = undefined
      continue
    }
    heredoc = where === 'bare' ? (heredocAt(text, at) ?? heredoc) : heredoc
    if (text[at] === '\\' && where !== 'single') at++
    else if (text.startsWith('${{', at)) at = text.indexOf('}}', at) + 1
    else where = next(where, text[at] ?? '')
  }
  return where
}

function next(where: Where, character: string): Where {
  if (character === "'" && where !== 'double') return where === 'single' ? 'bare' : 'single'
  if (character === '"' && where !== 'single') return where === 'double' ? 'bare' : 'double'
  return where
}

function heredocAt(text: string, at: number): string | undefined {
  return /^<<-?\s*["'\\]?(\w+)/.exec(text.slice(at, at + 80))?.[1]
}

function endOfHeredoc(text: string, from: number, word: string): number {
  const end = new RegExp(`^\\t*${word}$`, 'm').exec(text.slice(from))
  return end ? from + end.index + end[0].length : text.length
}

function misplaced(where: string, { start, end }: { start: number; end: number }): ValueError {
  return new ValueError(`an expression can't stand within ${where}: no value is filled in there`, start, end)
}
