/** Notes which expressions were filled in and with what, so that a failure can show it. */
import type { Names } from './cel/evaluate.ts'

const NOTES = Symbol('filled')

/** Source of the expression → its value, in the order they were filled in. */
export type Filled = ReadonlyMap<string, unknown>

/** The same names; each evaluation with them is noted. */
export function noting(names: Names): { readonly names: Names; readonly filled: Filled } {
  const filled = new Map<string, unknown>()
  return { names: { ...names, [NOTES]: filled }, filled }
}

export function note(names: Names, source: string, value: unknown): unknown {
  const notes = (names as { [NOTES]?: Map<string, unknown> })[NOTES]
  notes?.set(source, value)
  return value
}
