import type { Line } from '../line.ts'

export interface Room {
  /** Columns that lines are laid out for. */
  readonly width: number
  /** Whether text is wrapped: on a terminal, but not in a pipe, where lines are searched. */
  readonly wraps: boolean
}

/** `left`, and `right` at the end of the same line where there is room, else behind or below it. */
export function spread(indent: number, left: string, right: string, room: Room): string[] {
  const lines = laidOut([{ indent, text: left, hang: 2 }], 0, room)
  const last = lines.pop() ?? ''
  const gap = room.width - Bun.stringWidth(last) - Bun.stringWidth(right)
  if (gap >= 2 || right === '') return [...lines, `${last}${' '.repeat(Math.max(0, gap))}${right}`.trimEnd()]
  if (!room.wraps) return [...lines, `${last}  ${right}`]
  return [...lines, last, ...laidOut([{ indent: indent + 2, text: right }], 0, room)]
}

/** Lines of an explanation at their indent; where text is wrapped, with continuations under their first line. */
export function laidOut(lines: readonly Line[], indent: number, { width, wraps }: Room): string[] {
  return lines.flatMap((line) => {
    const own = indent + line.indent
    if (line.text.trim() === '') return ['']
    if (!wraps || line.aligned) return [`${' '.repeat(own)}${line.text}`]
    return wrapped(line.text, own, line.hang ?? 0, width)
  })
}

/** Wraps at words, and within those that are longer than a line. */
function wrapped(text: string, indent: number, hang: number, width: number): string[] {
  const room = Math.max(20, width - indent)
  if (Bun.stringWidth(text) <= room) return [`${' '.repeat(indent)}${text}`]
  const first = firstLine(text, room)
  const rest = Bun.sliceAnsi(text, Bun.stringWidth(first)).trimStart()
  const inner = Math.max(20, room - hang)
  const more = rest === '' ? [] : Bun.wrapAnsi(rest, inner, { hard: true, trim: true }).split('\n')
  return [`${' '.repeat(indent)}${first}`, ...more.map((line) => `${' '.repeat(indent + hang)}${line}`)]
}

function firstLine(text: string, room: number): string {
  const [first = ''] = Bun.wrapAnsi(text, room, { hard: true, trim: false }).split('\n')
  return first.trimEnd()
}
