/** Lines of a stream as they come: the first is waited for, those after it are told. */
export class ToldLines {
  readonly #told: ((line: string) => void) | undefined
  readonly #first = Promise.withResolvers<string | undefined>()
  readonly #decoder = new TextDecoder()
  /** A line after which the first one comes; until then all is passed over. */
  #after: string | undefined
  #waited = true
  #rest = ''

  constructor(told: ((line: string) => void) | undefined, after?: string) {
    this.#told = told
    this.#after = after
  }

  /** Undefined when the stream ended without one. */
  get first(): Promise<string | undefined> {
    return this.#first.promise
  }

  /** False: nobody wants more of it. */
  take(chunk: Uint8Array): boolean {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
    return this.#waited || this.#told !== undefined
  }

  end(): void {
    this.#first.resolve(undefined)
  }

  #line(line: string): void {
    if (this.#after !== undefined) {
      if (line === this.#after) this.#after = undefined
    } else if (this.#waited) {
      this.#waited = false
      this.#first.resolve(line)
    } else this.#told?.(line)
  }
}
