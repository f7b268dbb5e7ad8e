/** Who may work: as many as the limit says, while the node is up, and as long as they show themselves. */
import type { Config } from './config.ts'
import type { Logger } from './log.ts'

export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly why: 'full' | 'node is down' }

export class Workers {
  readonly #config: () => Config
  readonly #log: Logger
  readonly #known = new Map<string, { admitted: boolean; seen: number }>()
  #turnedAway = 0

  constructor(config: () => Config, log: Logger) {
    this.#config = config
    this.#log = log
  }

  /** A worker asks to submit. */
  admit(worker: string, nodeUp: boolean): Admission {
    this.#forget()
    const before = this.#known.get(worker)?.admitted
    const others = this.#admitted() - (before ? 1 : 0)
    const why = nodeUp ? 'full' : 'node is down'
    const admitted = nodeUp && others < this.#config().workers.limit
    if (before !== admitted && admitted) this.#log.info('worker admitted', { worker, of: others + 1 })
    if (before !== admitted && !admitted) this.#log.warn('worker turned away', { worker, why })
    this.#known.set(worker, { admitted, seen: performance.now() })
    if (admitted) return { admitted }
    this.#turnedAway += 1
    return { admitted, why }
  }

  /** The node went down: nobody works any more. */
  turnAllAway(): void {
    for (const worker of this.#known.values()) worker.admitted = false
  }

  state() {
    this.#forget()
    const [admitted, known] = [this.#admitted(), this.#known.size]
    return { admitted, rejected: known - admitted, known, turnedAway: this.#turnedAway }
  }

  #admitted(): number {
    return [...this.#known.values()].filter(({ admitted }) => admitted).length
  }

  #forget(): void {
    const oldest = performance.now() - this.#config().workers.forgetMs
    for (const [worker, { seen }] of this.#known) {
      if (seen >= oldest) continue
      this.#known.delete(worker)
      this.#log.info('worker is gone', { worker })
    }
  }
}
