/** The lines of one case, as its events come in. */
import type { Phase, ReporterOptions, RunEvent } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { failureLines } from '../failure-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, KILLED, type RestoredRecord, reasonText, type StepRecord } from '../record.ts'
import { laidOut, spread } from './layout.ts'
import { markOf, type Palette, paintOf, restoredMark, restoredWords, wordOf } from './palette.ts'

export interface CaseScreen {
  line(text?: string): void
  live(text: string): void
  /** Columns that lines are laid out for. */
  readonly width: number
  /** Whether text is wrapped: on a terminal, but not in a pipe, where lines are searched. */
  readonly wraps: boolean
}

const headings: Partial<Readonly<Record<Phase, string>>> = {
  'on-failure': 'on failure',
  always: 'always',
  'last-resort': 'last resort',
}

const busyWords: Partial<Readonly<Record<Phase, string>>> = {
  lock: 'waiting for the target',
  up: 'bringing the stack up',
  preflight: 'looking whether the target can do it',
  requires: 'looking at what it requires',
  baseline: 'taking the baseline',
  restore: 'putting back what was changed',
  'baseline-again': 'proving that everything is as before',
  down: 'taking the stack down',
}

export class CaseLines {
  readonly #record: CaseRecord
  readonly #screen: CaseScreen
  readonly #palette: Palette
  readonly #options: ReporterOptions
  readonly #headed = new Set<StepRecord>()
  #phase: Phase | undefined
  #heading: Phase | undefined
  #shownItems = 0
  #lastReason = ''
  #titled = false

  constructor(record: CaseRecord, screen: CaseScreen, palette: Palette, options: ReporterOptions) {
    this.#record = record
    this.#screen = screen
    this.#palette = palette
    this.#options = options
  }

  event(event: RunEvent): void {
    if (event.is === 'case.started') this.#start()
    else if (event.is === 'phase.started') this.#beginPhase(event.phase)
    else if (event.is === 'step.started') this.#beginStep(event.step)
    else if (event.is === 'step.waiting') this.#showWait(event)
    else if (event.is === 'point') this.#point(event)
    else if (event.is === 'step.ended') this.#endStep(event.step)
    else if (event.is === 'restored' && event.by !== 'step') this.#showRestored()
    else if (event.is === 'note') this.#note(event.message, event.level)
    else if (event.is === 'case.ended') this.end()
  }

  /** The end of the case, also of one that was cut off. */
  end(): void {
    const { outcome = 'errored', failures, reason, restored, duration, killed } = this.#record
    if (killed) for (const step of this.#record.steps.values()) if (step.reason?.message === KILLED) this.#cutOff(step)
    this.#showRestored()
    for (const failure of failures) {
      const lines = failureLines(failure, { tone: this.#palette, width: this.#screen.width - 6 })
      this.#bad(...laidOut(lines, 4, this.#wrapAt()))
    }
    const paint = paintOf(outcome, this.#palette)
    const words = [`${wordOf(outcome)} after ${formatDuration(duration)}`]
    if (reason && failures.every(({ message }) => message !== reason.message)) words.push(reasonText(reason))
    if (restored) words.push(restored === 'restored' ? 'everything is restored' : restoredWords(restored))
    const [first = '', ...rest] = words
    this.#result(isBad(outcome) || restored === 'failed' || restored === 'drifted', [
      `  ${paint(first)}${rest.map((word) => `${this.#palette.dim(' · ')}${word}`).join('')}`,
      '',
    ])
    this.#screen.live('')
  }

  #start(): void {
    if (this.#options.quiet) return
    this.#title()
  }

  /** With `--quiet` a case gets its title with the first thing that there is to tell. */
  #title(): void {
    if (this.#titled) return
    this.#titled = true
    const { title, target, file } = this.#record.planned
    const left = `${this.#palette.strong(cleanLine(title))} ${this.#palette.dim(`on ${cleanLine(target)}`)}`
    this.#screen.line(spread(left, this.#palette.dim(file), this.#screen.width))
  }

  #beginPhase(phase: Phase): void {
    this.#phase = phase
    const words = busyWords[phase]
    this.#screen.live(words === undefined ? '' : `  ${this.#palette.busy('…')} ${this.#palette.dim(words)}`)
  }

  #beginStep(id: string): void {
    const step = this.#record.steps.get(id)
    if (!step) return
    if (step.parent) this.#head(step.parent)
    this.#screen.live(`${indentOf(step)}${this.#palette.busy('…')} ${step.title}`)
  }

  #showWait({ step: id, says, elapsed, within }: Extract<RunEvent, { is: 'step.waiting' }>): void {
    const step = this.#record.steps.get(id)
    if (!step) return
    const time = within > 0 ? ` ${formatDuration(elapsed)}/${formatDuration(within)}` : ''
    const now = this.#palette.dim(`${time}  ${cleanLine(says)}`)
    this.#screen.live(`${indentOf(step)}${this.#palette.busy('…')} ${step.title}${now}`)
  }

  /** A step that has others in it is named before them, and told of again when it has ended. */
  #head(step: StepRecord): void {
    if (this.#headed.has(step)) return
    if (step.parent) this.#head(step.parent)
    this.#headed.add(step)
    this.#say(`${indentOf(step)}${this.#palette.dim('›')} ${step.title}`)
  }

  #point({ step: id, name, outcome, message }: Extract<RunEvent, { is: 'point' }>): void {
    const step = this.#record.steps.get(id)
    if (!step) return
    this.#head(step)
    const why = message === undefined ? '' : this.#palette.dim(`  ${cleanLine(message)}`)
    const text = `${indentOf(step)}  ${markOf(outcome, this.#palette)} ${cleanLine(name)}${why}`
    if (outcome === 'failed') this.#bad(text)
    else this.#say(text)
  }

  #endStep(id: string): void {
    const step = this.#record.steps.get(id)
    if (step?.outcome === undefined) return
    const { outcome, duration } = step
    if (outcome === 'not-run') return this.#notRun(step)
    this.#lastReason = ''
    const title = isBad(outcome) ? this.#palette.strong(step.title) : step.title
    const left = `${indentOf(step)}${markOf(outcome, this.#palette)} ${title}`
    const line = spread(left, this.#palette.dim(formatDuration(duration)), this.#screen.width)
    const lines = [line, ...this.#aboutStep(step), ...this.#why(step)]
    if (isBad(outcome)) this.#bad(...lines)
    else this.#say(...lines)
    this.#showRestored()
  }

  /** One line tells the reason; those behind it that have the same only say so. */
  #notRun(step: StepRecord): void {
    const reason = reasonText(step.reason)
    const words = reason === this.#lastReason ? 'not run' : `not run: ${reason}`
    this.#lastReason = reason
    const { dim } = this.#palette
    this.#say(spread(`${indentOf(step)}${dim('-')} ${dim(step.title)}`, dim(words), this.#screen.width))
  }

  #aboutStep(step: StepRecord): string[] {
    const { dim, warn } = this.#palette
    const indent = `${indentOf(step)}  `
    const changes = step.changes.map(({ does, evidence, without }) => {
      const more =
        without === undefined ? '' : without === 'not undoable' ? warn(` (${without})`) : dim(` (${without})`)
      return `${dim(`${cleanLine(does)}${evidence ? `: ${cleanLine(evidence)}` : ''}`)}${more}`
    })
    const notes = step.notes.map((note) => dim(cleanLine(note)))
    const { noticed, reading } = step
    const readings = this.#options.verbose ? [reading, noticed && `noticed: ${noticed}`] : []
    const told = readings.filter((text) => text !== undefined && text !== '').map((text) => dim(cleanLine(text ?? '')))
    return [...changes, ...notes, ...told].map((text) => `${indent}${text}`)
  }

  #why({ failure, reason, noticed, depth }: StepRecord): string[] {
    const indent = 4 + depth * 2
    if (reason) return [`${' '.repeat(indent)}${reasonText(reason)}`]
    if (!failure) return []
    const { width } = this.#screen
    const lines = failureLines(failure, { tone: this.#palette, width: width - indent - 2, noticed })
    return laidOut(lines, indent, this.#wrapAt())
  }

  #showRestored(): void {
    const { items } = this.#record
    for (const item of items.slice(this.#shownItems)) if (item.is === 'restored') this.#restored(item)
    this.#shownItems = items.length
  }

  #restored({ title, event }: RestoredRecord): void {
    const { outcome, duration, unverified, by, message } = event
    const said = outcome === 'restored' ? title : `${restoredWords(outcome)}: ${cleanLine(event.title)}`
    const why = by === 'for' ? ' (its time was over)' : ''
    const proof = unverified ? this.#palette.dim(' (by its exit code: there is no `verify`)') : ''
    const left = `  ${restoredMark(outcome, this.#palette)} ${said}${this.#palette.dim(why)}${proof}`
    const line = spread(left, this.#palette.dim(formatDuration(duration)), this.#screen.width)
    const lines = [line, ...(message?.split('\n').map((text) => `      ${text}`) ?? [])]
    if (outcome === 'failed' || outcome === 'drifted') this.#bad(...lines)
    else this.#say(...lines)
  }

  #note(message: string, level: 'info' | 'warning'): void {
    const { dim, warn, busy } = this.#palette
    if (level === 'warning') this.#say(`  ${warn('warning:')} ${cleanLine(message)}`)
    else if (this.#options.verbose) this.#say(`  ${dim(cleanLine(message))}`)
    else this.#screen.live(`  ${busy('…')} ${dim(cleanLine(message))}`)
  }

  #cutOff(step: StepRecord): void {
    if (step.outcome === 'not-run') this.#notRun(step)
    else this.#endStep(step.id)
  }

  #say(...lines: string[]): void {
    if (!this.#options.quiet) this.#result(true, lines)
  }

  #bad(...lines: string[]): void {
    this.#result(true, lines)
  }

  #result(tell: boolean, lines: readonly string[]): void {
    if (!tell && this.#options.quiet) return
    this.#title()
    this.#underHeading()
    for (const line of lines) this.#screen.line(line)
  }

  #underHeading(): void {
    const words = this.#phase === undefined ? undefined : headings[this.#phase]
    if (words === undefined || this.#heading === this.#phase) return
    this.#heading = this.#phase
    this.#screen.line(`  ${this.#palette.dim(words)}`)
  }

  #wrapAt(): number | undefined {
    return this.#screen.wraps ? this.#screen.width : undefined
  }
}

function indentOf({ depth }: StepRecord): string {
  return ' '.repeat(2 + depth * 2)
}
