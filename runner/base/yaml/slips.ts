/** Slips that show in the line of an error better than in what the library says of it. */

export interface Slip {
  readonly message: string
  readonly hint: string
  readonly start: number
  readonly end: number
}

/** `target:local`: without a blank after the colon it is one text. */
export function missingBlank(text: string, position = 0): Slip | undefined {
  const from = text.lastIndexOf('\n', position - 1) + 1
  const [, before = '', key = '', value = ''] =
    /^([\s{-]*)([A-Za-z][\w-]*):([^\s:/,][^\n]*)/.exec(text.slice(from)) ?? []
  if (key === '') return undefined
  const start = from + before.length
  return {
    message: 'a blank is missing after the colon',
    hint: `write ${key}: ${value.trim()}`,
    start,
    end: start + key.length + 1,
  }
}

/** Looks at the line that an error points at. */
export function slipAt(text: string, message: string, [start, end]: readonly [number, number]): Slip | undefined {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const to = lineEnd(text, start)
  const line = text.slice(from, to)
  const first = from + (/\S/.exec(line)?.index ?? 0)
  const at = Math.max(first, start)
  const whole = (says: string, hint: string): Slip => ({ message: says, hint, start: at, end: Math.max(at + 1, to) })
  if (/^(<{7}|={7}|>{7})(\s|$)/.test(line)) return whole('a merge conflict was left here', 'keep one of the two sides')
  if (/^Block collections are not allowed/.test(message) && end <= to)
    return {
      message: 'a comma is missing in here',
      hint: 'separate the parts within { } and [ ] by commas',
      start,
      end,
    }
  if (/^Not a YAML token|^Block scalar header/.test(message) && /[|>][^\s]*(\s+\S.*)?$/.test(line))
    return { message: 'nothing can follow | or > on its line', hint: 'begin the text on the next line', start, end }
  if (!/at node end|Sequence item without|must start at the same|single line|be followed by map values/.test(message))
    return undefined
  if (start > first && /at node end/.test(message)) return undefined
  if (/^\s*- /.test(line))
    return whole('this item is not in a line with the items above it', 'begin items of a list in the same column')
  if (!/:(\s|$)/.test(line))
    return whole('a key without a colon', 'write `key: value`, or indent it if it belongs to the text above')
  return whole('this line is indented like nothing above it', 'begin keys of one mapping in the same column')
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end === -1 ? text.length : end
}
