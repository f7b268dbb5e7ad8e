import type { Reporter, ReporterKind, ReporterOptions, RunEvent, Sink } from '../contracts/events.ts'
import { cleanEvent, cleanLine } from './plain-text.ts'
import { CaseLines } from './pretty/case-lines.ts'
import { paletteOf } from './pretty/palette.ts'
import { Stage } from './pretty/stage.ts'
import type { Look } from './pretty/step-lines.ts'
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
    const { dim } = this.#look.palette
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
      }
      this.#cases.set(id, new CaseLines(record, screen, this.#look, this.#options.quiet))
    }
    this.#cases.get(id)?.event(event)
    if (event.is === 'case.ended') this.#stage.end(id)
  }

  #interrupted(message: string): void {
    this.#terminal.line(this.#look.palette.warn(cleanLine(message)))
  }

  #note(event: RunEvent): void {
    if (event.is !== 'note' || (event.level === 'info' && !this.#options.verbose)) return
    const { warn, dim } = this.#look.palette
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
    for (const line of summaryLines(this.#run, { ...this.#look, quiet: this.#options.quiet })) this.#terminal.line(line)
  }
}
