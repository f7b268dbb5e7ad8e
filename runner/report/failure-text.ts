/** The explanation of a failure in lines: the same words in every report, with colours where the report has them. */
import type { FailedCheck, Failure } from '../contracts/events.ts'
import type { Frame } from '../contracts/source.ts'
import { formatDuration } from '../contracts/units.ts'
import { askedLines, outputLines } from './asked-text.ts'
import { frameLines, whereIs } from './frame-text.ts'
import { type Line, singleLines } from './line.ts'
import { plainTone, type Tone } from './tone.ts'

export interface ExplainOptions {
  readonly tone: Tone
  /** Columns that are there for the plan's lines; undefined for as many as they need. */
  readonly width?: number | undefined
  /** How the end of a wait was noticed. */
  readonly noticed?: string | undefined
  /** The title of the step, which is shown above. */
  readonly title?: string | undefined
}

/** Message, the plan's line, expected and actual, what was asked, how the value changed, what was written, and what to do. */
export function failureLines(failure: Failure, options: ExplainOptions): Line[] {
  const { tone } = options
  const lines: Line[] = [
    ...failure.message.split('\n').map((text) => ({ indent: 0, text: tone.bad(text) })),
    ...frame(failure.frame, options),
    ...failure.checks.flatMap((check, index) =>
      checkLines(check, failure.checks[index - 1]?.frame ?? failure.frame, options),
    ),
    ...askedLines(failure.asked ?? [], options.title, tone),
    ...historyLines(failure, tone),
    ...(options.noticed ? [{ indent: 0, text: `${tone.dim('noticed:')} ${options.noticed}`, hang: 2 }] : []),
    ...lastLines(failure, tone),
    ...outputLines(failure.outputs ?? [], tone),
    ...failure.logs.flatMap(({ service, lines }) => logLines(service, lines, tone)),
    ...stackLines(failure, tone),
    ...(failure.hint === undefined ? [] : [{ indent: 0, text: `${tone.good('→')} ${failure.hint}`, hang: 2 }]),
  ]
  return lines.flatMap(singleLines)
}

/** The explanation as plain text. */
export function failureText(failure: Failure, more: Pick<ExplainOptions, 'noticed' | 'title'> = {}): string {
  return textOf(failureLines(failure, { tone: plainTone, ...more }))
}

export function textOf(lines: readonly Line[]): string {
  return lines.map(({ indent, text }) => `${' '.repeat(indent)}${text}`.trimEnd()).join('\n')
}

function frame(at: Frame | undefined, { tone, width }: ExplainOptions): Line[] {
  if (at === undefined) return []
  const lines = frameLines(at, tone, width).map((text) => ({ indent: 2, text, aligned: true }))
  return [{ indent: 0, text: tone.dim(whereIs(at)) }, ...lines]
}

function checkLines(check: FailedCheck, shown: Frame | undefined, options: ExplainOptions): Line[] {
  const { tone } = options
  const own = ownFrame(check.frame, shown, options)
  const both = [
    { indent: 2, text: `${tone.dim('expected')}  ${tone.good(check.expected)}`, hang: 10 },
    { indent: 2, text: `${tone.dim('actual')}    ${tone.bad(check.actual)}`, hang: 10 },
  ]
  return [...own, { indent: 0, text: check.path }, ...both, ...(check.diff ?? []).map((text) => diffLine(text, tone))]
}

/** What was shown just above is not repeated: of lines that follow only those, of the same spot nothing. */
function ownFrame(at: Frame | undefined, shown: Frame | undefined, options: ExplainOptions): Line[] {
  if (at === undefined || isSameSpot(at, shown)) return []
  const [first] = at.lines
  const follows =
    shown?.file === at.file && shown.line <= at.line && first !== undefined && first.number <= shown.line + 1
  if (!follows) return frame(at, options)
  const lines = at.lines.filter(({ number }) => number === at.line || number > shown.line)
  return frame({ ...at, lines }, options).slice(1)
}

function isSameSpot(at: Frame, shown: Frame | undefined): boolean {
  return at.file === shown?.file && at.line === shown.line && at.column === shown.column
}

function diffLine(text: string, tone: Tone): Line {
  const paint = text.startsWith('+') ? tone.bad : text.startsWith('-') ? tone.good : tone.dim
  return { indent: 2, text: paint(text), hang: 2 }
}

function historyLines({ history }: Failure, tone: Tone): Line[] {
  if (history.length === 0) return []
  const times = history.map(({ t }) => formatDuration(t))
  const width = Math.max(...times.map((time) => time.length))
  return [
    { indent: 0, text: tone.dim('while it was waited for') },
    ...history.map(({ says, times: count }, index) => ({
      indent: 2,
      text: `${tone.dim((times[index] ?? '').padStart(width))}  ${oneLine(says)}${count > 1 ? tone.dim(` ×${count}`) : ''}`,
      hang: width + 2,
    })),
  ]
}

/** Only where the history doesn't end with it anyway. */
function lastLines({ last, history, checks, outputs = [] }: Failure, tone: Tone): Line[] {
  if (last === undefined || last === '' || last === history.at(-1)?.says) return []
  if (checks.length === 1 && checks[0]?.actual === last) return []
  // The output of a command follows.
  if (outputs.length > 0 && /^exit \d+(:|$)/.test(last)) return []
  return [{ indent: 0, text: `${tone.dim('last reading:')} ${oneLine(last)}`, hang: 2 }]
}

function logLines(service: string, lines: readonly string[], tone: Tone): Line[] {
  const head = lines.length === 0 ? `${service} logged nothing` : `the last ${count(lines)} of ${service}`
  return [
    { indent: 0, text: tone.dim(head) },
    ...lines.map((text) => ({ indent: 2, text: `${tone.dim('|')} ${text}`, hang: 2 })),
  ]
}

function stackLines({ stack, message }: Failure, tone: Tone): Line[] {
  if (stack === undefined) return []
  const lines = stack.split('\n').filter((line) => !line.endsWith(message))
  return [
    { indent: 0, text: tone.dim('this is a bug of ours; its stack:') },
    ...lines.map((text) => ({ indent: 2, text: tone.dim(text.trim()), hang: 2 })),
  ]
}

function count(lines: readonly string[]): string {
  return lines.length === 1 ? 'log line' : `${lines.length} log lines`
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
