import type { Reporter, ReporterOptions, RunEvent, Sink } from '../../contracts/events.ts'
import { cleanEvent, cleanLine } from '../plain-text.ts'
import { RunRecord } from '../run-record.ts'
import { CaseLines } from './case-lines.ts'
import { laidOut } from './layout.ts'
import { paletteOf } from './palette.ts'
import { Stage } from './stage.ts'
import type { Look } from './step-lines.ts'
import { summaryLines } from './summary.ts'
import { Terminal } from './terminal.ts'

/** Tells people what is going on: lines as they come, a live line on a terminal, a table at the end. */
export class PrettyReport implements Reporter {
  readonly #terminal: Terminal
  readonly #stage: Stage
  readonly #look: Look
  readonly #options: ReporterOptions
  readonly #run = new RunRecord()
  readonly #cases = new Map<string, CaseLines>()
  #summed = false

  constructor(sink: Sink, options: ReporterOptions) {
    this.#terminal = new Terminal(sink)
    this.#stage = new Stage(this.#terminal)
    const { width, isLive: wraps } = this.#terminal
    this.#look = { palette: paletteOf(sink.color), width, wraps, verbose: options.verbose }
    this.#options = options
  }

  event(raw: RunEvent): void {
    const event = cleanEvent(raw)
    this.#run.add(event)
    if (event.is === 'run.started') this.#head(event)
    else if (event.is === 'interrupted') this.#line(this.#look.palette.warn(cleanLine(event.message)))
    else if (event.is === 'run.ended') this.#sum()
    else if (event.case === undefined) this.#note(event)
    else this.#caseEvent(event.case, event)
  }

  end(): void {
    this.#sum()
  }

  #head({ version, run, cases }: Extract<RunEvent, { is: 'run.started' }>): void {
    if (this.#options.quiet) return
    const { dim } = this.#look.palette
    const count = cases.length === 1 ? '1 case' : `${cases.length} cases`
    this.#line(dim(cleanLine(`shakedown ${version} · ${count} · run ${run}`)))
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
      }
      this.#cases.set(id, new CaseLines(record, screen, this.#look, this.#options.quiet))
    }
    this.#cases.get(id)?.event(event)
    if (event.is === 'case.ended') this.#stage.end(id)
  }

  #note(event: RunEvent): void {
    if (event.is !== 'note' || (event.level === 'info' && !this.#look.verbose)) return
    const { warn, dim } = this.#look.palette
    const text = cleanLine(event.message)
    this.#line(event.level === 'warning' ? `${warn('warning:')} ${text}` : dim(text))
  }

  #line(text: string): void {
    for (const line of laidOut([{ indent: 0, text, hang: 2 }], 0, this.#look)) this.#terminal.line(line)
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
    for (const line of summaryLines(this.#run, { ...this.#look, quiet: this.#options.quiet })) this.#terminal.line(line)
  }
}
