/** One line of an explanation; `hang` is how much further in its continuation stands. */
export interface Line {
  readonly indent: number
  readonly text: string
  readonly hang?: number
  /** Lines that line up with others: a report cuts them rather than wrap them. */
  readonly aligned?: boolean
}

/** A text of several lines stands under its first one. */
export function singleLines(line: Line): Line[] {
  const { indent, hang = 0 } = line
  const [first = '', ...rest] = line.text.replaceAll('\t', '  ').split('\n')
  return [{ ...line, text: first }, ...rest.map((text) => ({ ...line, indent: indent + hang, hang: 0, text }))]
}
