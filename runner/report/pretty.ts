import type { Reporter, ReporterKind, ReporterOptions, RunEvent, Sink } from '../contracts/events.ts'
import { cleanEvent, cleanLine } from './plain-text.ts'
import { CaseLines } from './pretty/case-lines.ts'
import { type Palette, paletteOf } from './pretty/palette.ts'
import { Stage } from './pretty/stage.ts'
import { summaryLines } from './pretty/summary.ts'
import { Terminal } from './pretty/terminal.ts'
import { RunRecord } from './record.ts'

/** For people: what is going on, then a line a step, explained failures, and a table at the end. */
export const pretty: ReporterKind = {
  name: 'pretty',
  summary: 'For people: a line a step, explained failures, and a table at the end.',
  defaultPath: 'pretty.txt',
  open: (sink, options) => new Pretty(sink, options),
}

class Pretty implements Reporter {
  readonly #terminal: Terminal
  readonly #stage: Stage
  readonly #palette: Palette
  readonly #options: ReporterOptions
  readonly #run = new RunRecord()
  readonly #cases = new Map<string, CaseLines>()
  #summed = false

  constructor(sink: Sink, options: ReporterOptions) {
    this.#terminal = new Terminal(sink)
    this.#stage = new Stage(this.#terminal)
    this.#palette = paletteOf(sink.color)
    this.#options = options
  }

  event(raw: RunEvent): void {
    const event = cleanEvent(raw)
    this.#run.add(event)
    if (event.is === 'run.started') this.#head(event)
    else if (event.is === 'interrupted') this.#interrupted(event.message)
    else if (event.is === 'run.ended') this.#sum()
    else if (event.case === undefined) this.#note(event)
    else this.#caseEvent(event.case, event)
  }

  end(): void {
    this.#sum()
  }

  #head({ version, run, cases }: Extract<RunEvent, { is: 'run.started' }>): void {
    if (this.#options.quiet) return
    const { dim } = this.#palette
    const count = cases.length === 1 ? '1 case' : `${cases.length} cases`
    this.#terminal.line(dim(`shakedown ${version} · ${count} · run ${run}`))
    this.#terminal.line()
  }

  #caseEvent(id: string, event: RunEvent): void {
    const record = this.#run.cases.get(id)
    if (!record) return
    if (event.is === 'case.started') {
      this.#stage.begin(id)
      const screen = {
        line: (text?: string) => this.#stage.line(id, text),
        live: (text: string) => this.#stage.live(id, text),
        width: this.#terminal.width,
        wraps: this.#terminal.isLive,
      }
      this.#cases.set(id, new CaseLines(record, screen, this.#palette, this.#options))
    }
    this.#cases.get(id)?.event(event)
    if (event.is === 'case.ended') this.#stage.end(id)
  }

  #interrupted(message: string): void {
    this.#terminal.line(this.#palette.warn(cleanLine(message)))
  }

  #note(event: RunEvent): void {
    if (event.is !== 'note' || (event.level === 'info' && !this.#options.verbose)) return
    const { warn, dim } = this.#palette
    this.#terminal.line(
      event.level === 'warning' ? `${warn('warning:')} ${cleanLine(event.message)}` : dim(event.message),
    )
  }

  /** At the end of the run, or of a log that stops before it. */
  #sum(): void {
    if (this.#summed) return
    this.#summed = true
    const cutOff = [...this.#run.cases].filter(([, { at, outcome }]) => at !== undefined && outcome === undefined)
    this.#run.finish()
    for (const [id] of cutOff) {
      this.#cases.get(id)?.end()
      this.#stage.end(id)
    }
    this.#terminal.live('')
    const lines = summaryLines(this.#run, {
      palette: this.#palette,
      width: this.#terminal.width,
      wraps: this.#terminal.isLive,
      quiet: this.#options.quiet,
    })
    for (const line of lines) this.#terminal.line(line)
  }
}
