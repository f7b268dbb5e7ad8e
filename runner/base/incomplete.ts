/** Values that are known in part only. See "The rule of honesty" in docs/LANGUAGE.md. */
const BRAND = Symbol.for('shakedown.incomplete')

/** The place of the missing part. `inside`: some bytes in between could not be decoded. */
export type Missing = 'end' | 'start' | 'inside'

/**
 * A field of a reading whose whole value is not known: cut at a limit, or not decodable. A matcher gives an answer only
 * where the missing part cannot change it; otherwise the check is untaken.
 */
export interface Incomplete {
  readonly [BRAND]: true
  /** Why, for people: `cut at 16 MiB`. */
  readonly why: string
  /** The known part: text, a list, or a number that is a lower bound. Undefined when nothing is known. */
  readonly part: string | readonly unknown[] | number | undefined
  readonly missing: Missing
}

export function incomplete(why: string, part?: Incomplete['part'], missing: Missing = 'end'): Incomplete {
  return { [BRAND]: true, why, part, missing }
}

export function isIncomplete(value: unknown): value is Incomplete {
  return typeof value === 'object' && value !== null && BRAND in value
}
