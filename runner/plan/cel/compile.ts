/** CEL (https://cel.dev), loaded when the first expression needs it; what was compiled is kept. */
import { ValueError } from '../value-error.ts'
import { SEARCH, searchable, withFunctions } from './functions.ts'
import { withMixedNumbers } from './mixed-numbers.ts'

/** A node of the syntax tree; `start` and `end` count characters of the source. */
export interface Node {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
}

export interface Compiled {
  readonly run: (context: Record<string, unknown>) => unknown
  readonly ast: Node
}

const cache = new Map<string, Compiled>()

/** Throws a ValueError for what is no CEL. */
export function compile(source: string): Compiled {
  const known = cache.get(source)
  if (known) return known
  if (source === '') throw new ValueError('there is nothing between ${{ and }}', 0, 1)
  try {
    const run = celEnvironment().parse(searchable(source))
    const made = { run, ast: run.ast as unknown as Node }
    cache.set(source, made)
    return made
  } catch (error) {
    throw celError(error, source)
  }
}

/** What can be told before any value is known: functions that do not exist, a text minus a number. */
export function checkTypes(source: string): ValueError | undefined {
  compile(source)
  const { valid, error } = celEnvironment().check(searchable(source))
  return valid || error === undefined ? undefined : celError(error, source)
}

/** The message of CEL's own error, without its drawing, and the characters that it is about. */
export function celError(error: unknown, source: string): ValueError {
  const { summary, message, range } = error as {
    summary?: string
    message?: string
    range?: { start: number; end: number }
  }
  const text = summary ?? message?.split('\n')[0] ?? String(error)
  const start = Math.min(range?.start ?? 0, Math.max(0, source.length - 1))
  return new ValueError(
    plainWords(text),
    start,
    Math.max(start + 1, Math.min(range?.end ?? source.length, source.length)),
  )
}

function plainWords(text: string): string {
  if (/^Unexpected token: EOF/.test(text)) return 'it breaks off here'
  if (/^Ternary branches/.test(text)) return `${lowered(text)}; write dyn(…) around one of them`
  if (/^no such overload: .*\bnull\b/.test(text)) return `${text}: null has no text; ${OR_EMPTY}`
  const [, call] = /^found no matching overload for '(.+)'$/.exec(text) ?? []
  return call === undefined ? lowered(text) : `there is no function ${call.replace(`.${SEARCH}(`, '.matches(')}`
}

const OR_EMPTY = 'write `x == null ? "" : x` where nothing is meant'

function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

type Environment = import('@marcbachmann/cel-js').Environment
let environment: Environment | undefined

function celEnvironment(): Environment {
  environment ??= withFunctions(withMixedNumbers(loadCel()))
  return environment
}

function loadCel(): Environment {
  const cel = require('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  return new cel.Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
}
