/** Captures made inside `for-each` and `repeat` are lists afterwards, which surprises where a text is wanted. */
const lists = new WeakSet<object>()

/** Marks a list that holds what each round of a step captured. */
export function gatheredFrom<T extends unknown[]>(rounds: T): T {
  lists.add(rounds)
  return rounds
}

export function isGathered(value: unknown): boolean {
  return typeof value === 'object' && value !== null && lists.has(value)
}
