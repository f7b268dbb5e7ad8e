/** Patterns that are searched in linear time: RE2 syntax, https://github.com/google/re2/wiki/Syntax. */

/** A part of a text that matches, in UTF-16 units, and its groups; a group that took no part is undefined. */
export interface Found {
  readonly index: number
  readonly end: number
  readonly groups: readonly (string | undefined)[]
}

export interface Pattern {
  readonly source: string
  /** Whether it matches somewhere. */
  test(text: string): boolean
  /** The leftmost match. Slower than `test`. */
  find(text: string): Found | undefined
  /** Why a search of this text would take too long; undefined when it would not. */
  tooCostly(text: string): string | undefined
}

/** Throws an Error whose message says why the source is not a pattern. */
export function compilePattern(source: string, { ignoreCase = false } = {}): Pattern {
  const key = `${ignoreCase ? 'i' : ''}/${source}`
  const known = compiled.get(key)
  if (known) return known
  const made = compile(source, ignoreCase)
  compiled.set(key, made)
  return made
}

/** Why a source is not a pattern, and what to write in its place. */
export function patternError(source: string): { readonly message: string; readonly hint?: string } | undefined {
  try {
    compilePattern(source)
    return undefined
  } catch (error) {
    const message = (error as Error).message.replace(/^error parsing regexp:\s*/, '')
    const hint = HINTS.find(([spelling]) => spelling.test(source))?.[1]
    return { message, ...(hint === undefined ? {} : { hint }) }
  }
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'lookaround is not supported: write two matchers, such as {matches: a, not: {matches: b}}'],
  [/\\[1-9]/, 'backreferences are not supported: capture the text and compare it in a step of its own'],
  [/\\u\{?[0-9a-f]/i, 'write \\x{1F600} for a character by its number'],
  [/\(\?>|[*+?}]\+/, 'a search takes linear time here, so atomic groups and possessive quantifiers are not needed'],
  [/\\Z/, 'write \\z for the end of the text'],
  [/\[\^?\]/, 'write (?s:.) for any character'],
  [/\{\d*,?\d{4,}\}|\{\d{4,}/, 'a part is repeated at most 1000 times'],
]

const compiled = new Map<string, Pattern>()

function compile(source: string, ignoreCase: boolean): Pattern {
  // Loaded with the first pattern: most commands have none.
  const { RE2JS } = require('re2js') as typeof import('re2js')
  const pattern = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  return {
    source,
    test: (text) => pattern.test(text),
    find: (text) => {
      const matcher = pattern.matcher(text)
      if (!matcher.find()) return undefined
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined)
      return { index: matcher.start(), end: matcher.end(), groups }
    },
    tooCostly: (text) => tooCostly(text, (sample) => pattern.test(sample)),
  }
}

/** Characters of a text whose search is timed, and the milliseconds that a whole search may take. */
const SAMPLE = 16_384
const BUDGET = 2_000

/**
 * A search is linear, but a pattern with large counts, such as `a.{0,500}b.{0,500}c`, costs thousands of operations for
 * each character, and nothing can interrupt it. So a part of a long text is searched first and timed.
 */
function tooCostly(text: string, search: (sample: string) => unknown): string | undefined {
  if (text.length <= SAMPLE) return undefined
  const sample = text.slice(0, SAMPLE)
  let expected = Number.POSITIVE_INFINITY
  // The first tries also warm up the engine, so the fastest one counts.
  for (let tries = 0; tries < 3 && expected > BUDGET; tries++) {
    const start = performance.now()
    search(sample)
    expected = Math.min(expected, ((performance.now() - start) * text.length) / SAMPLE)
  }
  if (expected <= BUDGET) return undefined
  return `the pattern is too costly: about ${Math.ceil(expected / 1_000)} s for ${Math.ceil(text.length / 1e6)} MB`
}
