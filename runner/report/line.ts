/** A line of an explanation; `hang` is the further indent of its continuation. */
export interface Line {
  readonly indent: number
  readonly text: string
  readonly hang?: number
  /** Lines that line up with others: a report cuts them rather than wrap them. */
  readonly aligned?: boolean
}

/** Further lines of a text are aligned with its first one. */
export function singleLines(line: Line): Line[] {
  const { indent, hang = 0 } = line
  const [first = '', ...rest] = line.text.replaceAll('\t', '  ').split('\n')
  return [{ ...line, text: first }, ...rest.map((text) => ({ ...line, indent: indent + hang, hang: 0, text }))]
}
