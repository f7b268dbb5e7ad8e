import type { ReporterKind } from '../contracts/events.ts'

/** JUnit XML, written when the run has ended. */
export const junit: ReporterKind = {
  name: 'junit',
  summary: 'JUnit XML for CI systems, with files, lines, properties and attachments.',
  defaultPath: 'junit.xml',
  options: {
    strict: 'only what the schemas of Jenkins, Ant and Surefire know: no files, lines or properties of a case',
    steps: 'a test case for each step of the plan instead of one for the whole',
  },
  open: async (sink, { options }) => {
    const { JUnitReport } = await import('./junit/report.ts')
    return new JUnitReport(sink, { strict: options.includes('strict'), steps: options.includes('steps') })
  },
}
