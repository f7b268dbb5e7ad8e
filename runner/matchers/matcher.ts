import type { Incomplete } from '../base/incomplete.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import type { Answer } from './answer.ts'

/** How a value is compared. */
export interface Matching {
  /** The value is text by nature (.env, headers, stdout): a number or boolean expected of it compares with its usual spelling. */
  readonly text?: boolean | undefined
  readonly ignoreCase?: boolean | undefined
  /** A number expected of it is padded with zeros to so many digits: the mode of a file. */
  readonly digits?: number | undefined
}

/** Matchers within a matcher: handed in, so that a group of matchers need not know the others. */
export interface Inner {
  /** `actual` may be incomplete. */
  judge(matcher: unknown, actual: unknown, how: Matching): Answer
  says(matcher: unknown): string
  check(matcher: unknown, place: Place): Finding[]
}

/** One word of the vocabulary. */
export interface Matcher {
  readonly description: string
  /** JSON Schema of its parameter, for editors. */
  readonly schema: object
  /** The value is whole and never absent. */
  test(want: unknown, actual: unknown, how: Matching, inner: Inner): Answer
  /** The value is known in part; without this, the check is untaken. Answers only what no missing part can change. */
  testPart?(want: unknown, actual: Incomplete, how: Matching, inner: Inner): Answer
  /** In words: `at least 1`. */
  says(want: unknown, inner: Inner): string
  /** What is wrong with its parameter, at load and again once it is filled in. */
  check?(want: unknown, place: Place, inner: Inner): Finding[]
  /** The value itself, where a part of it would say little. */
  shows?(actual: unknown): string
  /** What the value alone does not show: which item it was. */
  note?(want: unknown, actual: unknown, how: Matching, inner: Inner): string | undefined
}

export type Matchers = Readonly<Record<string, Matcher>>

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Values that are filled in later are checked then. */
export function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${{')
}

export function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, hint, level: 'error' }
}
