import { PlanError } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'

/** What is wrong with an expression, and where in its text. */
export class ValueError extends Error {
  readonly start: number
  readonly end: number
  constructor(message: string, start: number, end: number) {
    super(message)
    this.start = start
    this.end = end
  }
}

/** Runs what may throw a ValueError and gives it its place in the plan. */
export function located<T>(work: () => T, place: Place): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    const span = [error.start, error.end] as const
    throw new PlanError([{ code: 'expression', message: error.message, level: 'error', place: { ...place, span } }])
  }
}
