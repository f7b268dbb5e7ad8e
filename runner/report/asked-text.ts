/** The questions as asked, and the output of failed commands, in lines. */
import type { Asked, OutputTail } from '../contracts/events.ts'
import { type Line, singleLines } from './line.ts'
import { cleanLine } from './plain-text.ts'
import type { Tone } from './tone.ts'

/** How much of a script or a body is shown; the event has all of it. */
const MOST_LINES = 15
const LONGEST_VALUE = 200
const LONGEST_NAME = 70

/** `title`: the text that is shown already. A question that only repeats it is left out, unless it contains values. */
export function askedLines(asked: readonly Asked[], title: string | undefined, tone: Tone): Line[] {
  return asked.flatMap(({ text, values }) => {
    const pairs = Object.entries(values)
    if (pairs.length === 0 && title?.includes(text)) return []
    return [
      { indent: 0, text: `${tone.dim('asked:')} ${firstLines(text, tone)}`, hang: 7 },
      ...pairs.map(([name, value]) => ({ indent: 2, text: `${tone.dim(`${name} =`)} ${valueText(value)}`, hang: 4 })),
    ]
  })
}

/** The command of a step is named by the step itself, as long as there is one. */
export function outputLines(outputs: readonly OutputTail[], tone: Tone): Line[] {
  const commands = new Set(outputs.map(({ of }) => of).filter((of) => of.startsWith('`')))
  const lines = outputs.flatMap((output): Line[] => [
    { indent: 0, text: tone.dim(headOf(output, commands.size > 1)), hang: 2 },
    ...output.lines.map((text) => ({ indent: 2, text: `${tone.dim('|')} ${text}`, hang: 2 })),
  ])
  return lines.flatMap(singleLines)
}

/** JSON spelling, to distinguish a number from a text that looks like one. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`
}

function headOf({ of, stream, lines, total, cut, path }: OutputTail, isOneOfSeveral: boolean): string {
  const isCut = total > lines.length
  const where = path === undefined ? '' : `${isCut && !cut ? 'all of it is in' : 'kept in'} ${path}`
  const end = cut ? 'cut at its limit of bytes; ' : ''
  const how = [isCut ? `${end}the last ${lines.length} of ${total} lines` : end.slice(0, -2), where]
    .filter(Boolean)
    .join('; ')
  const what = of.startsWith('`') && !isOneOfSeveral ? stream : `${stream} of ${named(of)}`
  return `${what}${how && ` (${how})`}`
}

function named(of: string): string {
  const text = cleanLine(of)
  if (text.length <= LONGEST_NAME) return text
  return `${text.slice(0, LONGEST_NAME)}…${text.endsWith('`') ? '`' : ''}`
}

function firstLines(text: string, tone: Tone): string {
  const lines = text.split('\n')
  const more = lines.length - MOST_LINES
  if (more <= 1) return text
  return [...lines.slice(0, MOST_LINES), tone.dim(`… (${more} more lines)`)].join('\n')
}
