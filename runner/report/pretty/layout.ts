import type { Line } from '../failure-text.ts'

/** `left`, and `right` at the end of the line, or two spaces behind where there is no room. */
export function spread(left: string, right: string, width: number): string {
  const gap = width - Bun.stringWidth(left) - Bun.stringWidth(right)
  return `${left}${' '.repeat(Math.max(2, gap))}${right}`.trimEnd()
}

/** Lines of an explanation at their indent; on a terminal wrapped with their continuations under them. */
export function laidOut(lines: readonly Line[], indent: number, width: number | undefined): string[] {
  return lines.flatMap((line) => {
    const own = indent + line.indent
    if (width === undefined || line.aligned) return [`${' '.repeat(own)}${line.text}`]
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
