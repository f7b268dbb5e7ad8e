/** The three-valued logic of matchers: Kleene's, where every "no answer" fails both a matcher and its negation. */

/**
 * No answer. `does-not-apply`: the matcher makes no sense for this value, such as `gt` for a text or anything for an absent value.
 * `untaken`: the whole value is not known, or the matcher gave up.
 */
export interface NoAnswer {
  readonly is: 'does-not-apply' | 'untaken'
  readonly why: string
}

/** Whether a value meets a matcher. */
export type Answer = boolean | NoAnswer

export function doesNotApply(why: string): NoAnswer {
  return { is: 'does-not-apply', why }
}

export function untaken(why: string): NoAnswer {
  return { is: 'untaken', why }
}

export function not(answer: Answer): Answer {
  return typeof answer === 'boolean' ? !answer : answer
}

/** False when one is false; else without an answer when one has none. */
export function every<T>(items: Iterable<T>, judge: (item: T) => Answer): Answer {
  return first(items, judge, false)
}

/** True when one is true; else without an answer when one has none. */
export function some<T>(items: Iterable<T>, judge: (item: T) => Answer): Answer {
  return first(items, judge, true)
}

function first<T>(items: Iterable<T>, judge: (item: T) => Answer, decisive: boolean): Answer {
  let open: NoAnswer | undefined
  for (const item of items) {
    const answer = judge(item)
    if (answer === decisive) return decisive
    if (typeof answer !== 'boolean' && (open === undefined || open.is === 'untaken')) open = answer
  }
  return open ?? !decisive
}
