/** Brands the error, since a plugin out of another package may carry a second copy of the class. */
const BRAND = Symbol.for('shakedown.no-answer')

/** The evidence of an attempt without an answer. An absent key is unknown. */
export interface Shown {
  /** Refused, reset or timed out before the first byte of an answer, no route, or a declared service that does not run. */
  readonly reachable?: false | undefined
  /** Whether the name led to an address. */
  readonly resolves?: boolean | undefined
}

/** Why a request or a connection brought no answer, in words for people. Keeps the `code` of the error behind it. */
export class NoAnswer extends Error {
  readonly [BRAND] = true
  readonly shows: Shown
  readonly code: string | undefined

  constructor(message: string, shows: Shown, cause?: unknown) {
    super(message, { cause })
    this.shows = shows
    this.code = (cause as { code?: string } | undefined)?.code
  }
}

export function isNoAnswer(error: unknown): error is NoAnswer {
  return typeof error === 'object' && error !== null && BRAND in error
}
