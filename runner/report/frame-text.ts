import type { Frame } from '../contracts/source.ts'
import type { Tone } from './tone.ts'

/** `plans/node-down.yaml:14:17`. */
export function whereIs({ file, line, column }: Frame): string {
  return `${file}:${line}:${column}`
}

/** The plan's lines with their numbers, and a caret under the exact key. `width` cuts long lines around the caret. */
export function frameLines(frame: Frame, tone: Tone, width = Number.POSITIVE_INFINITY): string[] {
  const gutter = Math.max(...frame.lines.map(({ number }) => String(number).length), 1)
  const room = Math.max(20, width - gutter - 3)
  const from = firstColumn(frame, room)
  const shown = frame.lines.map(({ number, text }) => {
    return `${tone.dim(`${String(number).padStart(gutter)} |`)} ${cut(tabless(text), from, room)}`
  })
  const under = tabless(frame.lines.at(-1)?.text ?? '')
  const before = Bun.stringWidth(cut(under, from, room).slice(0, frame.column - 1 - from))
  const carets = '^'.repeat(Math.max(1, Math.min(frame.length, room - before)))
  return [...shown, `${tone.dim(`${' '.repeat(gutter)} |`)} ${' '.repeat(before)}${tone.bad(carets)}`]
}

/** How many characters are cut off at the left, so that the caret can be seen. */
function firstColumn({ column, length }: Frame, room: number): number {
  const end = column - 1 + Math.min(length, 20)
  return end <= room ? 0 : end - room + 1
}

function cut(text: string, from: number, room: number): string {
  const left = from > 0 && text.length > from ? `…${text.slice(from + 1)}` : text.slice(from)
  return left.length > room ? `${left.slice(0, room - 1)}…` : left
}

/** One column for each character, so that the caret stands under the right one. */
function tabless(text: string): string {
  return text.replace(/[\t\n]/g, ' ')
}
