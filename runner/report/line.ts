/** One line of an explanation; `hang` is how much further in its continuation stands. */
export interface Line {
  readonly indent: number
  readonly text: string
  readonly hang?: number
  /** Lines that line up with others: a report cuts them rather than wrap them. */
  readonly aligned?: boolean
}
