import { Interrupted } from '../contracts/errors.ts'

/** How a run is told to stop. The first word stops the steps, the second hurries what follows; nothing stops a restore. */
export class Stop {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  #word: string | undefined
  #at = 0

  /** Ends the steps of the plan. */
  get signal(): AbortSignal {
    return this.#first.signal
  }

  /** Ends the steps of `on-failure` and `always`. */
  get hurry(): AbortSignal {
    return this.#second.signal
  }

  /** `SIGINT`, `SIGTERM`, `SIGHUP`; undefined while nobody said stop. */
  get word(): string | undefined {
    return this.#word
  }

  /**
   * A Ctrl-C reaches us twice, from the terminal and from the `bun run` wrapper: what comes within a second is one.
   * Tells which word it was.
   */
  say(word: string): 'first' | 'second' | 'same' {
    const now = performance.now()
    if (this.#word === undefined) {
      this.#word = word
      this.#at = now
      this.#first.abort(new Interrupted(`interrupted by ${word}`))
      return 'first'
    }
    if (now - this.#at < 1_000) return 'same'
    this.#at = now
    this.#second.abort(new Interrupted(`interrupted by ${word} again`))
    return 'second'
  }
}
