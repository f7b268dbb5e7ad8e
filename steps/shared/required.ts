import { CheckFailure } from '../../runner/contracts/errors.ts'

/** An option that had to be there at load, and may still have come to nothing by an expression. Throws a CheckFailure. */
export function required<T>(value: T | undefined | null, key: string): T {
  if (value !== undefined && value !== null) return value
  throw new CheckFailure(`\`${key}\` has come to nothing`, { hint: 'the expression in it gives no value' })
}
