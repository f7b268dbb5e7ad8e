/** The expectations of a step for its reading. */
import { decidedBy } from '../condition.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Field, Reading } from '../contracts/probe.ts'
import type { Context, StepKind } from '../contracts/step.ts'
import { capturesKnown } from './captured.ts'

type Expectations = Readonly<Record<string, unknown>> | undefined

/** True if the rest of an unfinished reading changes neither the verdict nor the captures. */
export function isEnough(
  kind: StepKind,
  said: Expectations,
  soFar: Reading,
  { fields = {}, captures }: { fields?: Readonly<Record<string, Field>> | undefined; captures: CommonKeys },
): boolean {
  const decided = decidedBy(soFar, { ...(namesReach(kind, said) ? {} : kind.expects), ...said }, fields)
  if (decided !== 'holds') return decided === 'fails'
  return capturesKnown(captures, soFar)
}

/** Whether the plan asks if there is an answer at all, whatever it says. */
function namesReach({ reading }: StepKind, said: Expectations): boolean {
  return typeof reading === 'object' && Object.keys(said ?? {}).some((name) => reading[name]?.reach === true)
}

/** Whether the little that is known of a reading is enough for what the plan expects. */
export function isDecided(kind: StepKind, said: Expectations, reading: Reading): boolean {
  if (said === undefined || !namesReach(kind, said) || typeof kind.reading !== 'object') return false
  return decidedBy(reading, said, kind.reading) !== undefined
}

/** The expectations of the plan, and those of every such step unless the plan says otherwise. */
export function expectOf(kind: StepKind, said: Expectations, reading: Reading, context: Context): void {
  const usual = namesReach(kind, said)
    ? []
    : Object.entries(kind.expects ?? {}).filter(([field]) => said?.[field] === undefined)
  if (usual.length > 0) context.expect(reading, Object.fromEntries(usual))
  if (said) context.expect(reading, said)
}
