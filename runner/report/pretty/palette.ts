import { Chalk } from 'chalk'
import type { Outcome, RestoreOutcome, Sink } from '../../contracts/events.ts'
import type { Tone } from '../tone.ts'

export interface Palette extends Tone {
  warn(text: string): string
  strong(text: string): string
  /** Undimmed and not bold, in the colour of what is going on. */
  busy(text: string): string
}

export function paletteOf(color: Sink['color']): Palette {
  const { red, green, yellow, cyan, dim, bold } = new Chalk({ level: color })
  return { bad: red, good: green, warn: yellow, busy: cyan, dim, strong: bold }
}

const marks: Readonly<Record<Outcome, string>> = {
  passed: '✓',
  failed: '✗',
  errored: '!',
  skipped: '○',
  'not-run': '-',
  warned: '~',
  checked: '✓',
}

export function paintOf(outcome: Outcome, palette: Palette): (text: string) => string {
  if (outcome === 'passed' || outcome === 'checked') return palette.good
  if (outcome === 'failed' || outcome === 'errored') return palette.bad
  return outcome === 'warned' || outcome === 'skipped' ? palette.warn : palette.dim
}

export function markOf(outcome: Outcome, palette: Palette): string {
  return paintOf(outcome, palette)(marks[outcome])
}

export function wordOf(outcome: Outcome): string {
  return outcome === 'not-run' ? 'not run' : outcome
}

export function restoredMark(outcome: RestoreOutcome, palette: Palette): string {
  if (outcome === 'restored') return palette.good('↺')
  return outcome === 'kept' ? palette.warn('~') : palette.bad('✗')
}

/** What became of a thing that was to be put back, in words that can't be missed. */
export function restoredWords(outcome: RestoreOutcome): string {
  if (outcome === 'failed') return 'NOT restored'
  if (outcome === 'drifted') return 'drifted, left alone'
  return outcome === 'kept' ? 'left in' : 'restored'
}
