/** One line of the table: what was measured, beside what, and how good it has to be. */
export interface Row {
  readonly what: string
  readonly value: number
  readonly unit: 'ms' | 'MB'
  /** The same work without us, in the same unit, measured in the same run. */
  readonly beside?: { readonly what: string; readonly value: number } | undefined
  /** The most that `of` may be. */
  readonly goal?: { readonly of: 'value' | 'ratio'; readonly most: number } | undefined
}

/** A row, or why there is none. */
export type Line = Row | { readonly note: string }

/** Bytes as MB. */
export const megabytes = (bytes: number) => bytes / 1e6

export function missed({ value, beside, goal }: Row): boolean {
  if (goal === undefined) return false
  // What could not be measured has not met its goal.
  return !((goal.of === 'value' ? value : value / (beside?.value ?? Number.NaN)) <= goal.most)
}

/** What, ours, beside, ratio, goal, and whether it is met. */
export function cells(row: Row): string[] {
  const { what, value, unit, beside, goal } = row
  const words = (number: number) => `${number.toFixed(number < 10 ? 1 : 0)} ${unit}`
  return [
    what,
    words(value),
    beside ? `${beside.what} ${words(beside.value)}` : '',
    beside ? (value / beside.value).toFixed(2) : '',
    goal ? `≤ ${goal.of === 'value' ? `${goal.most} ${unit}` : goal.most}` : '',
    goal ? (missed(row) ? 'missed' : 'met') : '',
  ]
}
