/** Names that expressions see: captures belong to the case, those made inside `for-each` and `repeat` to their round. */
export class Scope {
  readonly #own: Record<string, unknown>
  readonly #captured = new Set<string>()
  readonly #parent: Scope | undefined

  constructor(own: Readonly<Record<string, unknown>> = {}, parent?: Scope) {
    this.#own = { ...own }
    this.#parent = parent
  }

  /** A capture of a step. */
  set(name: string, value: unknown): void {
    this.#own[name] = value
    this.#captured.add(name)
  }

  get own(): Readonly<Record<string, unknown>> {
    return this.#own
  }

  get captured(): ReadonlySet<string> {
    return this.#captured
  }

  names(): Record<string, unknown> {
    return { ...this.#parent?.names(), ...this.#own }
  }

  child(own: Readonly<Record<string, unknown>>): Scope {
    return new Scope(own, this)
  }
}
