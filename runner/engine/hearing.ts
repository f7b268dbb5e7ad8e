import type { AskedAt, Output } from '../contracts/errors.ts'
import { writtenBy } from '../contracts/output.ts'
import type { StepKind } from '../contracts/step.ts'
import type { Target } from '../contracts/target.ts'

/** The same target; what its commands had written when the step was ended is kept for the step's failure. */
export function hearing(target: Target, cutShort: Output[]): Target {
  return {
    ...target,
    exec: (command, options = {}) =>
      target.exec(command, {
        ...options,
        cutShort: (exit) => cutShort.push(writtenBy(command, exit)),
      }),
  }
}

/** The question of a step with a reading of its own. */
export function questionOf(kind: StepKind, params: unknown, target: Target): AskedAt | undefined {
  const text = kind.asked?.(params as never, target)
  return text === undefined ? undefined : { text, services: kind.services?.(params) }
}
