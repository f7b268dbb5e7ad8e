import type { ReporterKind } from '../contracts/events.ts'

/** The same as `tap` for readers that refuse the newer version line, such as the `prove` of Debian 12. */
export const tap13: ReporterKind = {
  name: 'tap13',
  summary: 'TAP 13, for older readers such as `prove`.',
  open: async (sink) => {
    const { TapReport } = await import('./tap/report.ts')
    return new TapReport(sink, 13)
  },
}
