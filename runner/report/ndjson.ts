import type { ReporterKind } from '../contracts/events.ts'

/** The event log: one event a line, as it happened. Every other report can be made again from it. */
export const ndjson: ReporterKind = {
  name: 'ndjson',
  summary: 'The events of the run, one JSON object a line.',
  defaultPath: 'run.ndjson',
  open: (sink) => ({
    event: (event) => sink.write(`${JSON.stringify(event)}\n`),
    end: () => undefined,
  }),
}
