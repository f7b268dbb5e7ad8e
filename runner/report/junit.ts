import type { Reporter, ReporterKind, RunEvent, Sink } from '../contracts/events.ts'
import { junitDocument } from './junit/document.ts'
import { cleanEvent } from './plain-text.ts'
import { RunRecord } from './record.ts'

/** JUnit XML, written when the run has ended. */
export const junit: ReporterKind = {
  name: 'junit',
  summary: 'JUnit XML for CI systems, with files, lines, properties and attachments.',
  defaultPath: 'junit.xml',
  options: {
    strict: 'only what the schemas of Jenkins, Ant and Surefire know: no files, lines or properties of a case',
    steps: 'a test case for each step of the plan instead of one for the whole',
  },
  open: (sink, { options }) =>
    new JUnitReport(sink, { strict: options.includes('strict'), steps: options.includes('steps') }),
}

class JUnitReport implements Reporter {
  readonly #sink: Sink
  readonly #options: { readonly strict: boolean; readonly steps: boolean }
  readonly #run = new RunRecord()
  #written = false

  constructor(sink: Sink, options: { readonly strict: boolean; readonly steps: boolean }) {
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
