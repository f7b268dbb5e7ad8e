/** How a step, what it changed and what was put back look. */
import type { RunEvent } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { outputLines } from '../asked-text.ts'
import { failureLines } from '../failure-text.ts'
import { cleanLine } from '../plain-text.ts'
import { isBad, type RestoredRecord, reasonText, type StepRecord } from '../record.ts'
import { laidOut, type Room, spread } from './layout.ts'
import { markOf, type Palette, restoredMark, restoredWords } from './palette.ts'

export interface Look extends Room {
  readonly palette: Palette
  readonly verbose: boolean
}

/** Phases whose steps stand under a heading of their own. */
export const headings: Partial<Readonly<Record<StepRecord['phase'], string>>> = {
  'on-failure': 'on failure',
  always: 'always',
  'last-resort': 'last resort',
}

export function indentOf({ depth, phase }: StepRecord): number {
  return 2 + depth * 2 + (headings[phase] === undefined ? 0 : 2)
}

/** Mark, title and duration; below them what it changed and noted, and why it failed. */
export function stepLines(step: StepRecord, look: Look): string[] {
  const { outcome = 'errored', title, duration } = step
  const { palette } = look
  const name = isBad(outcome) ? palette.strong(title) : title
  const mild = outcome === 'warned' ? palette.dim(' (only warns)') : ''
  const left = `${markOf(outcome, palette)} ${name}${mild}`
  return [
    ...spread(indentOf(step), left, palette.dim(formatDuration(duration)), look),
    ...about(step, look),
    ...why(step, look),
  ]
}

export function notRunLines(step: StepRecord, words: string, look: Look): string[] {
  const { dim } = look.palette
  return spread(indentOf(step), `${dim('-')} ${dim(step.title)}`, dim(words), look)
}

/** A step that has others in it, before them. */
export function groupLines(step: StepRecord, look: Look): string[] {
  return spread(indentOf(step), `${look.palette.dim('›')} ${step.title}`, '', look)
}

/** The step that goes on, for the live line. */
export function liveText(step: StepRecord, palette: Palette, wait?: Extract<RunEvent, { is: 'step.waiting' }>): string {
  const left = `${pad(indentOf(step))}${palette.busy('…')} ${step.title}`
  if (wait === undefined) return left
  const time = wait.within > 0 ? ` ${formatDuration(wait.elapsed)}/${formatDuration(wait.within)}` : ''
  return `${left}${palette.busy(time)}${palette.dim(`  ${cleanLine(wait.says)}`)}`
}

/** A sub-result. */
export function pointLines(step: StepRecord, point: StepRecord['points'][number], look: Look): string[] {
  const { palette } = look
  const why = point.message === undefined ? '' : palette.dim(`  ${cleanLine(point.message)}`)
  const text = `${markOf(point.outcome, palette)} ${cleanLine(point.name)}${why}`
  return laidOut([{ indent: 2, text, hang: 2 }], indentOf(step), look)
}

export function restoredLines({ title, event }: RestoredRecord, indent: number, look: Look): string[] {
  const { palette } = look
  const { outcome, duration, unverified, by, message } = event
  const said = outcome === 'restored' ? title : palette.strong(`${restoredWords(outcome)}: ${cleanLine(event.title)}`)
  const more = `${by === 'for' ? ' (its time was over)' : ''}${unverified ? ' (by the exit code: it has no `verify`)' : ''}`
  const left = `${restoredMark(outcome, palette)} ${said}${palette.dim(more)}`
  const { outputs = [], hint } = event
  const lines = [
    ...(message?.split('\n').map((text) => ({ indent: 2, text: cleanLine(text), hang: 2 })) ?? []),
    ...outputLines(outputs, palette).map((line) => ({ ...line, indent: line.indent + 2 })),
    ...(hint === undefined ? [] : [{ indent: 2, text: `${palette.good('→')} ${cleanLine(hint)}`, hang: 2 }]),
  ]
  return [...spread(indent, left, palette.dim(formatDuration(duration)), look), ...laidOut(lines, indent, look)]
}

function about(step: StepRecord, look: Look): string[] {
  const { palette, verbose } = look
  const { changes, notes, noticed, reading } = step
  const { dim, warn } = palette
  const changed = changes.map(({ does, evidence, without }) => {
    const paint = without === 'not undoable' ? warn : dim
    const undo = without === undefined ? '' : paint(`(${cleanLine(without)})`)
    // A step whose title says it all needs no second line for it.
    const said = [
      ...(cleanLine(does) === step.title ? [] : [cleanLine(does)]),
      ...(evidence ? [cleanLine(evidence)] : []),
    ]
    return [dim(said.join(': ')), undo].filter(Boolean).join(' ')
  })
  const noted = notes.map((note) => dim(cleanLine(note)))
  const readings = verbose && !step.failure ? [reading, noticed && `noticed: ${noticed}`] : []
  const told = readings.flatMap((text) => (text ? [dim(cleanLine(text))] : []))
  const lines = counted([...changed, ...noted, ...told].filter((text) => text !== ''))
  return laidOut(
    lines.map((text) => ({ indent: 2, text, hang: 2 })),
    indentOf(step),
    look,
  )
}

/** What was done several times stands there once. */
function counted(lines: readonly string[]): string[] {
  const times = Map.groupBy(lines, (text) => text)
  return [...times].map(([text, { length }]) => (length > 1 ? `${text} ×${length}` : text))
}

function why(step: StepRecord, look: Look): string[] {
  const { failure, reason, noticed } = step
  const indent = indentOf(step) + 2
  if (reason) return laidOut([{ indent, text: reasonText(reason), hang: 2 }], 0, look)
  if (!failure) return []
  const lines = failureLines(failure, {
    tone: look.palette,
    width: look.width - indent - 2,
    noticed,
    title: step.title,
  })
  return [...laidOut(lines, indent, look), '']
}

function pad(columns: number): string {
  return ' '.repeat(columns)
}
