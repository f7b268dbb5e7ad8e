import type { ReporterKind } from '../contracts/events.ts'

/** The Test Anything Protocol 14: subtests for the steps, YAML for what explains a failure. */
export const tap: ReporterKind = {
  name: 'tap',
  summary: 'TAP 14, the Test Anything Protocol: a subtest a case, a point a step.',
  open: async (sink) => {
    const { TapReport } = await import('./tap/report.ts')
    return new TapReport(sink, 14)
  },
}
