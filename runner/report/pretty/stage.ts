import type { Terminal } from './terminal.ts'

/** Keeps the lines of a case together: the oldest case writes as it goes, those beside it when their turn comes. */
export class Stage {
  readonly #terminal: Terminal
  /** Cases that have lines to come, the oldest first, each with what waits to be written. */
  readonly #cases = new Map<string, { readonly waiting: string[]; ended: boolean }>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  begin(id: string): void {
    this.#cases.set(id, { waiting: [], ended: false })
  }

  line(id: string, text = ''): void {
    if (this.#isFirst(id)) this.#terminal.line(text)
    else this.#cases.get(id)?.waiting.push(text)
  }

  /** The live line is that of the oldest case. */
  live(id: string, text: string): void {
    if (!this.#isFirst(id)) return
    const more = [...this.#cases.values()].filter(({ ended }) => !ended).length - 1
    this.#terminal.live(more > 0 && text !== '' ? `${text}  (+${more} beside it)` : text)
  }

  end(id: string): void {
    const ending = this.#cases.get(id)
    if (ending) ending.ended = true
    for (const [first, { waiting, ended }] of this.#cases) {
      for (const text of waiting.splice(0)) this.#terminal.line(text)
      if (!ended) return
      this.#terminal.live('')
      this.#cases.delete(first)
    }
  }

  #isFirst(id: string): boolean {
    const [first] = this.#cases.keys()
    return first === id
  }
}
