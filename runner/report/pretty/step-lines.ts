/** How a step, what it changed and what was put back look. */
import type { RunEvent } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { failureLines } from '../failure-text.ts'
import { cleanLine } from '../plain-text.ts'
import { isBad, type RestoredRecord, reasonText, type StepRecord } from '../record.ts'
import { laidOut, spread } from './layout.ts'
import { markOf, type Palette, restoredMark, restoredWords } from './palette.ts'

export interface Look {
  readonly palette: Palette
  /** Columns that lines are laid out for. */
  readonly width: number
  /** Whether text is wrapped: on a terminal, but not in a pipe, where lines are searched. */
  readonly wraps: boolean
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
  const left = `${pad(indentOf(step))}${markOf(outcome, palette)} ${name}${mild}`
  return [spread(left, palette.dim(formatDuration(duration)), look.width), ...about(step, look), ...why(step, look)]
}

export function notRunLine(step: StepRecord, words: string, { palette: { dim }, width }: Look): string {
  return spread(`${pad(indentOf(step))}${dim('-')} ${dim(step.title)}`, dim(words), width)
}

/** A step that has others in it, before them. */
export function groupLine(step: StepRecord, { palette }: Look): string {
  return `${pad(indentOf(step))}${palette.dim('›')} ${step.title}`
}

/** The step that goes on, for the live line. */
export function liveText(step: StepRecord, palette: Palette, wait?: Extract<RunEvent, { is: 'step.waiting' }>): string {
  const left = `${pad(indentOf(step))}${palette.busy('…')} ${step.title}`
  if (wait === undefined) return left
  const time = wait.within > 0 ? ` ${formatDuration(wait.elapsed)}/${formatDuration(wait.within)}` : ''
  return `${left}${palette.busy(time)}${palette.dim(`  ${cleanLine(wait.says)}`)}`
}

/** A sub-result. */
export function pointLine(step: StepRecord, point: StepRecord['points'][number], { palette }: Look): string {
  const why = point.message === undefined ? '' : palette.dim(`  ${cleanLine(point.message)}`)
  return `${pad(indentOf(step) + 2)}${markOf(point.outcome, palette)} ${cleanLine(point.name)}${why}`
}

export function restoredLines({ title, event }: RestoredRecord, indent: number, { palette, width }: Look): string[] {
  const { outcome, duration, unverified, by, message } = event
  const said = outcome === 'restored' ? title : palette.strong(`${restoredWords(outcome)}: ${cleanLine(event.title)}`)
  const more = `${by === 'for' ? ' (its time was over)' : ''}${unverified ? ' (by the exit code: it has no `verify`)' : ''}`
  const left = `${pad(indent)}${restoredMark(outcome, palette)} ${said}${palette.dim(more)}`
  const reasons = message?.split('\n').map((text) => `${pad(indent + 2)}${text}`) ?? []
  return [spread(left, palette.dim(formatDuration(duration)), width), ...reasons]
}

function about(step: StepRecord, { palette, verbose }: Look): string[] {
  const { changes, notes, noticed, reading } = step
  const { dim, warn } = palette
  const changed = changes.map(({ does, evidence, without }) => {
    const paint = without === 'not undoable' ? warn : dim
    const undo = without === undefined ? '' : paint(`(${without})`)
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
  return [...changed, ...noted, ...told].flatMap((text) => (text === '' ? [] : [`${pad(indentOf(step) + 2)}${text}`]))
}

function why(step: StepRecord, { palette, width, wraps }: Look): string[] {
  const { failure, reason, noticed } = step
  const indent = indentOf(step) + 2
  if (reason) return [`${pad(indent)}${reasonText(reason)}`]
  if (!failure) return []
  const lines = failureLines(failure, { tone: palette, width: width - indent - 2, noticed })
  return [...laidOut(lines, indent, wraps ? width : undefined), '']
}

function pad(columns: number): string {
  return ' '.repeat(columns)
}
