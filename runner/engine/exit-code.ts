import type { CaseEnd } from './case-run.ts'

/** Exit codes, the first that applies. */
export const EXIT = { passed: 0, failed: 1, usage: 2, environment: 3, dirty: 4, nothing: 5, busy: 75 } as const

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

export function exitCode(ends: readonly CaseEnd[], interrupted: string | undefined): number {
  const some = (is: (end: CaseEnd) => boolean) => ends.some(is)
  if (some(({ restored }) => restored === 'failed' || restored === 'drifted')) return EXIT.dirty
  if (interrupted !== undefined) return SIGNALS[interrupted] ?? 130
  if (some(({ busy }) => busy)) return EXIT.busy
  if (some(({ badPlan }) => badPlan)) return EXIT.usage
  if (some(({ outcome }) => outcome === 'errored')) return EXIT.environment
  if (some(({ outcome }) => outcome === 'failed')) return EXIT.failed
  return some(({ outcome }) => outcome === 'passed' || outcome === 'checked' || outcome === 'warned')
    ? EXIT.passed
    : EXIT.nothing
}
