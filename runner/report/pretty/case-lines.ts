/** The lines of one case, as its events come in. */
import type { Phase, RunEvent } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { failureLines } from '../failure-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, KILLED, reasonText, type StepRecord } from '../record.ts'
import { laidOut, spread } from './layout.ts'
import { paintOf, restoredWords, wordOf } from './palette.ts'
import {
  groupLines,
  headings,
  indentOf,
  type Look,
  liveText,
  notRunLines,
  pointLines,
  restoredLines,
  stepLines,
} from './step-lines.ts'

export interface Screen {
  line(text?: string): void
  live(text: string): void
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
  readonly #screen: Screen
  readonly #look: Look
  readonly #quiet: boolean
  readonly #headed = new Set<StepRecord>()
  #titled = false
  #heading: string | undefined
  #items = 0
  #reason = ''

  constructor(record: CaseRecord, screen: Screen, look: Look, quiet: boolean) {
    this.#record = record
    this.#screen = screen
    this.#look = look
    this.#quiet = quiet
  }

  event(event: RunEvent): void {
    if (event.is === 'case.started') this.#say()
    else if (event.is === 'phase.started') this.#busy(busyWords[event.phase])
    else if (event.is === 'restored' && event.by !== 'step') this.#restored(2)
    else if (event.is === 'note') this.#note(event.message, event.level)
    else if (event.is === 'case.ended') this.end()
    else if ('step' in event && event.step !== undefined) {
      const step = this.#record.steps.get(event.step)
      if (step) this.#stepEvent(step, event)
    }
  }

  /** The end of the case, also of one that was cut off. */
  end(): void {
    const { outcome = 'errored', failures, restored, killed, steps } = this.#record
    if (killed) for (const step of steps.values()) if (step.reason?.message === KILLED) this.#endStep(step)
    this.#restored(2)
    for (const failure of failures) this.#tell(...this.#failure(failure))
    const ended = [...this.#endLines(), '']
    if (isBad(outcome) || restored === 'failed' || restored === 'drifted') this.#tell(...ended)
    else if (!this.#quiet || this.#titled) this.#tell(...ended)
    this.#screen.live('')
  }

  #stepEvent(step: StepRecord, event: RunEvent): void {
    if (event.is === 'step.started') {
      if (step.parent) this.#head(step.parent)
      this.#screen.live(liveText(step, this.#look.palette))
    } else if (event.is === 'step.waiting') this.#screen.live(liveText(step, this.#look.palette, event))
    else if (event.is === 'point') {
      this.#head(step)
      const lines = pointLines(step, event, this.#look)
      if (event.outcome === 'failed') this.#tell(...lines)
      else this.#say(...lines)
    } else if (event.is === 'step.ended') this.#endStep(step)
  }

  /** A step that has others in it is named before them, and told of again when it has ended. */
  #head(step: StepRecord): void {
    if (this.#headed.has(step)) return
    if (step.parent) this.#head(step.parent)
    this.#headed.add(step)
    this.#underHeading(step)
    this.#say(...groupLines(step, this.#look))
  }

  #endStep(step: StepRecord): void {
    this.#underHeading(step)
    if (step.outcome === 'not-run') this.#notRun(step)
    else {
      this.#reason = ''
      if (isBad(step.outcome) || !this.#quiet) this.#tell(...stepLines(step, this.#look))
    }
    this.#restored(indentOf(step) + 2)
  }

  /** One line tells the reason; those behind it that have the same only say so. */
  #notRun(step: StepRecord): void {
    const reason = reasonText(step.reason)
    this.#say(...notRunLines(step, reason === this.#reason ? 'not run' : `not run: ${reason}`, this.#look))
    this.#reason = reason
  }

  /** Tells what was put back since it last did. */
  #restored(indent: number): void {
    const { items } = this.#record
    for (const item of items.slice(this.#items)) {
      if (item.is !== 'restored') continue
      const lines = restoredLines(item, indent, this.#look)
      if (item.event.outcome === 'restored') this.#say(...lines)
      else this.#tell(...lines)
    }
    this.#items = items.length
  }

  #note(message: string, level: 'info' | 'warning'): void {
    const { dim, warn } = this.#look.palette
    if (level === 'warning') this.#tell(`  ${warn('warning:')} ${cleanLine(message)}`)
    else if (this.#look.verbose) this.#say(`  ${dim(cleanLine(message))}`)
    else this.#busy(cleanLine(message))
  }

  #busy(words: string | undefined): void {
    const { busy, dim } = this.#look.palette
    this.#screen.live(words === undefined ? '' : `  ${busy('…')} ${dim(words)}`)
  }

  #failure(failure: CaseRecord['failures'][number]): string[] {
    const { palette, width } = this.#look
    const lines = laidOut(failureLines(failure, { tone: palette, width: width - 6 }), 4, this.#look)
    const [first = '', ...rest] = lines
    return [`  ${palette.bad('!')} ${first.trimStart()}`, ...rest, '']
  }

  #endLines(): string[] {
    const { outcome = 'errored', failures, reason, restored, duration } = this.#record
    const { palette } = this.#look
    const words = [paintOf(outcome, palette)(`${wordOf(outcome)} after ${formatDuration(duration)}`)]
    if (reason && failures.every(({ message }) => message !== reason.message)) words.push(reasonText(reason))
    if (restored === 'restored') words.push('everything is restored')
    else if (restored) words.push(palette.bad(restoredWords(restored)))
    return laidOut([{ indent: 2, text: words.join(palette.dim(' · ')), hang: 2 }], 0, this.#look)
  }

  #underHeading({ phase }: StepRecord): void {
    const words = headings[phase]
    if (words === this.#heading) return
    this.#heading = words
    if (words !== undefined) this.#say(`  ${this.#look.palette.dim(words)}`)
  }

  /** What `--quiet` leaves out. */
  #say(...lines: string[]): void {
    if (!this.#quiet) this.#tell(...lines)
  }

  /** With `--quiet` a case gets its title with the first thing that there is to tell. */
  #tell(...lines: string[]): void {
    if (!this.#titled) for (const line of this.#title()) this.#screen.line(line)
    this.#titled = true
    for (const line of lines) this.#screen.line(line)
  }

  #title(): string[] {
    const { title, target, file } = this.#record.planned
    const { palette } = this.#look
    const left = `${palette.strong(cleanLine(title))} ${palette.dim(`on ${cleanLine(target)}`)}`
    return spread(0, left, palette.dim(cleanLine(file)), this.#look)
  }
}
