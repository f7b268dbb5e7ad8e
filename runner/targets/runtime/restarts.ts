/**
 * Counts the restarts that a runtime made by itself, from a counter of the runtime's own, which begins anew at each start by
 * hand. The value of the counter before it began anew is known only as of the last look.
 */
export class Restarts {
  #last: number
  #total = 0

  /** `first`: what the counter says now. */
  constructor(first: number) {
    this.#last = first
  }

  /** Since it was made. */
  get total(): number {
    return this.#total
  }

  see(now: number): void {
    this.#total += now < this.#last ? now : now - this.#last
    this.#last = now
  }
}
