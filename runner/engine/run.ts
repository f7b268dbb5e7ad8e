/** A run on one page: the cases, side by side as far as asked, then how it ended. */
import type { Counts, PlannedCase } from '../contracts/events.ts'
import type { Case } from '../contracts/plan.ts'
import { runCase } from './case.ts'
import type { CaseEnd, CaseRun } from './case-run.ts'
import { exitCode } from './exit-code.ts'
import { hostname } from './identity.ts'
import { SharedStacks } from './shared-stacks.ts'

export interface RunOptions extends Omit<CaseRun, 'stacks'> {
  readonly version: string
  readonly cases: readonly Case[]
  readonly planned: readonly PlannedCase[]
  readonly workers: number
  /** Stop after so many failed cases; undefined goes on to the end. */
  readonly bail?: number | undefined
  /** What to type when something was left. */
  left(ends: readonly CaseEnd[]): string | undefined
}

/** Runs the cases and tells the exit code. Never throws for what a case came to. */
export async function run(options: RunOptions): Promise<number> {
  const { emit, cases, planned, version } = options
  const start = performance.now()
  emit({
    is: 'run.started',
    run: options.run,
    version,
    at: new Date().toISOString(),
    host: hostname(),
    results: options.results.named,
    cases: planned,
  })
  const ends = await runAll(cases, options)
  const interrupted = options.stop.word
  const exit = exitCode(ends, interrupted)
  emit({
    is: 'run.ended',
    exit,
    counts: countsOf(ends, cases.length),
    duration: Math.round(performance.now() - start),
    interrupted,
    left: options.left(ends),
  })
  return exit
}

async function runAll(cases: readonly Case[], options: RunOptions): Promise<CaseEnd[]> {
  const ends: CaseEnd[] = []
  const queue = [...cases]
  const stacks = new SharedStacks(cases)
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const why = reasonNotToRun(ends, options)
      const end = why === undefined ? await runCase(next, { ...options, stacks }) : passOver(next, why, options)
      if (end.restored === 'kept') stacks.keep(next)
      const trouble = await stacks.ended(next)
      ends.push(trouble.length === 0 ? end : { ...end, restored: 'failed' })
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.workers) }, worker))
  return ends
}

function reasonNotToRun(ends: readonly CaseEnd[], { stop, bail }: RunOptions): string | undefined {
  if (stop.word !== undefined) return `the run was interrupted by ${stop.word}`
  const bad = ends.filter(({ outcome }) => outcome === 'failed' || outcome === 'errored').length
  return bail !== undefined && bad >= bail ? `--bail: ${bad} failed before it` : undefined
}

function passOver(kase: Case, message: string, { emit }: RunOptions): CaseEnd {
  emit({ is: 'case.started', case: kase.id, at: new Date().toISOString() })
  emit({ is: 'case.ended', case: kase.id, outcome: 'not-run', duration: 0, reason: { message }, failures: [] })
  return { outcome: 'not-run', busy: false, badPlan: false }
}

function countsOf(ends: readonly CaseEnd[], planned: number): Counts {
  const count = (outcome: CaseEnd['outcome']) => ends.filter((end) => end.outcome === outcome).length
  return {
    passed: count('passed') + count('warned'),
    failed: count('failed'),
    errored: count('errored'),
    skipped: count('skipped'),
    notRun: count('not-run') + planned - ends.length,
    checked: count('checked'),
  }
}
