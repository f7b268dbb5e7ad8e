import type { ReporterKind } from '../contracts/events.ts'

/** For people: what is going on, then a line a step, explained failures, and a table at the end. */
export const pretty: ReporterKind = {
  name: 'pretty',
  summary: 'For people: a line a step, explained failures, and a table at the end.',
  open: async (sink, options) => {
    const { PrettyReport } = await import('./pretty/report.ts')
    return new PrettyReport(sink, options)
  },
}
