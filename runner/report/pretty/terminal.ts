import type { Sink } from '../../contracts/events.ts'

/** Lines, and on a terminal one live line below them that is rewritten in place and leaves nothing behind. */
export class Terminal {
  /** Columns that lines are laid out for. */
  readonly width: number
  readonly #sink: Sink
  #live = ''

  constructor(sink: Sink) {
    this.#sink = sink
    this.width = Math.max(40, Math.min(sink.columns ?? 80, 100))
  }

  get isLive(): boolean {
    return this.#sink.columns !== undefined
  }

  line(text = ''): void {
    this.#sink.write(`${this.#cleared()}${text}\n`)
  }

  /** Shows `text` as the live line, cut to the width; an empty one takes it away. */
  live(text: string): void {
    const { columns } = this.#sink
    if (columns === undefined) return
    // A terminal echoes `^C` behind it; a line that wraps for that could not be taken away.
    const shown = text === '' ? '' : Bun.sliceAnsi(text, 0, Math.max(1, columns - 3), '…')
    if (shown === this.#live) return
    this.#sink.write(`${this.#cleared()}${shown}`)
    this.#live = shown
  }

  /** A terminal without colours may know no escape sequences: there the line is written over. */
  #cleared(): string {
    if (this.#live === '') return ''
    const over = this.#sink.color === 0 ? `\r${' '.repeat(Bun.stringWidth(this.#live))}\r` : '\r\u001b[2K'
    this.#live = ''
    return over
  }
}
