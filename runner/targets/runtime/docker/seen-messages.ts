import type { LogMessage } from './log-messages.ts'

/**
 * Tells which messages of a log are new when it is read again. Its two streams may be out of order by a moment, so the
 * last two seconds are read again and compared, message by message.
 */
export class SeenMessages {
  /** By second, the newest last: how often each message was seen. */
  #seconds: readonly { readonly second: string; readonly seen: Map<string, number> }[] = []
  #left: Map<string, number> = new Map()
  #expected = false
  #again = false

  /** The time to read from, in seconds since 1970; undefined is the beginning. */
  get since(): number | undefined {
    const [first] = this.#seconds
    return first && Math.floor(Date.parse(`${first.second}Z`) / 1_000)
  }

  /** Call it before the log is read again. */
  begin(): void {
    this.#left = new Map(this.#seconds.flatMap(({ seen }) => [...seen]))
    this.#expected = this.#left.size > 0
    this.#again = false
  }

  isNew(message: LogMessage): boolean {
    const second = message.at.slice(0, 19)
    const oldest = this.#seconds[0]?.second
    if (oldest !== undefined && second < oldest) return false
    const key = `${message.at} ${message.stream} ${message.text.length}`
    const left = this.#left.get(key) ?? 0
    if (left > 0) {
      this.#left.set(key, left - 1)
      this.#again = true
      return false
    }
    this.#remember(second, key)
    return true
  }

  /**
   * Call it once the log was read again: whether the daemon has dropped all that was seen of it, and perhaps more. What it
   * drops is always the oldest, so that one message which is still there shows that none is missing behind it.
   */
  get hasLost(): boolean {
    return this.#expected && !this.#again
  }

  #remember(second: string, key: string): void {
    let known = this.#seconds.find((one) => one.second === second)
    if (!known) {
      known = { second, seen: new Map() }
      const all = [...this.#seconds, known].sort((a, b) => (a.second < b.second ? -1 : 1))
      this.#seconds = all.slice(-2)
    }
    known.seen.set(key, (known.seen.get(key) ?? 0) + 1)
  }
}
