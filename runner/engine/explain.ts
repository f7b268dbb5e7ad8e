/** Why a step or a case failed: what it asked, what its commands wrote, and the last words of the services it was about. */
import { type AskedAt, type FailureDetails, isError } from '../contracts/errors.ts'
import type { Failure } from '../contracts/events.ts'
import type { Case } from '../contracts/plan.ts'
import type { Place } from '../contracts/source.ts'
import type { Runtime } from '../contracts/target.ts'
import { type Attaching, attach } from './attach.ts'
import type { CaseRun } from './case-run.ts'
import type { Running } from './context.ts'
import { detailsOf, explain } from './failure.ts'
import type { Planned } from './flow.ts'
import { lastWordsOf } from './last-logs.ts'
import { caseFolder } from './open-case.ts'
import type { World } from './world.ts'

export async function explainStep(
  error: unknown,
  { planned, id, running, world }: { planned: Planned; id: string; running: Running | undefined; world: World },
): Promise<Failure> {
  const details = detailsOf(error)
  const asked = details.asked ?? askedBy(error, running)
  const outputs = details.outputs ?? running?.cutShort
  const step = running && { raw: planned.raw, ...running.noted }
  return explain(error, planned.place, {
    ...explaining({ ...world, case: world.kase.id, step: id }, id, planned.place),
    sources: world.hands.sources,
    step,
    more: await withLastWords({ ...details, asked, outputs }, error, world.runtime),
  })
}

/** A failure outside of any step. `number`: how many there were before it. */
export async function explainCase(
  error: unknown,
  place: Place | undefined,
  { kase, run, world, number }: { kase: Case; run: CaseRun; world: World | undefined; number: number },
): Promise<Failure> {
  const to = { ...run, results: caseFolder(run.results, kase), case: kase.id }
  const details = detailsOf(error)
  return explain(error, place, {
    ...explaining(to, number === 0 ? 'case' : `case-${number + 1}`, kase.plan.place),
    sources: run.hands.sources,
    more: world ? await withLastWords(details, error, world.runtime) : details,
  })
}

function explaining(to: Attaching, name: string, place: Place) {
  return { redactor: to.redactor, name, attach: (file: string, bytes: Uint8Array) => attach(to, file, bytes, place) }
}

/** A plan that is wrong has asked nothing. */
function askedBy(error: unknown, running: Running | undefined): readonly AskedAt[] {
  const asked = isError(error, 'plan') ? undefined : running?.question?.()
  return asked ? [asked] : []
}

/** A user who presses Ctrl-C does not wait for logs. */
async function withLastWords(details: FailureDetails, error: unknown, runtime: Runtime): Promise<FailureDetails> {
  const { asked = [], outputs = [], logs: shown = [] } = details
  if (isError(error, 'interrupted')) return details
  const services = asked.flatMap((one) => one.services ?? [])
  const { logs, healthChecks } = await lastWordsOf(services, runtime)
  const more = logs.filter(({ service }) => !shown.some((one) => one.service === service))
  return { ...details, outputs: [...outputs, ...healthChecks], logs: [...shown, ...more] }
}
