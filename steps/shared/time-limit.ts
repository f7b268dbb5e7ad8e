import type { ProbeContext } from '../../runner/contracts/probe.ts'

/** How long one reading may take, in ms: what the plan says, else the probe's default, never beyond the rest of a wait. */
export function timeLimit(said: string | undefined, context: ProbeContext): number {
  const own = said === undefined ? context.timeout : context.measure(said)
  return Math.min(own, context.rest ?? Number.POSITIVE_INFINITY)
}
