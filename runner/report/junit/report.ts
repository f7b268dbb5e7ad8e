import type { Reporter, RunEvent, Sink } from '../../contracts/events.ts'
import { cleanEvent } from '../plain-text.ts'
import { RunRecord } from '../run-record.ts'
import { type JUnitOptions, junitDocument } from './document.ts'

/** Written once, when the run has ended or its events do. */
export class JUnitReport implements Reporter {
  readonly #sink: Sink
  readonly #options: JUnitOptions
  readonly #run = new RunRecord()
  #written = false

  constructor(sink: Sink, options: JUnitOptions) {
    this.#sink = sink
    this.#options = options
  }

  event(event: RunEvent): void {
    this.#run.add(cleanEvent(event))
    if (event.is === 'run.ended') this.end()
  }

  end(): void {
    if (this.#written) return
    this.#written = true
    this.#run.finish()
    this.#sink.write(junitDocument(this.#run, this.#options))
  }
}
