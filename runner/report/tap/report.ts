import type { Reporter, RunEvent, Sink } from '../../contracts/events.ts'
import { cleanEvent, cleanLine } from '../plain-text.ts'
import { RunRecord } from '../run-record.ts'
import { leftWords } from '../verdict.ts'
import { bailOut, casePoint, type Point } from './points.ts'
import { yamlish } from './yamlish.ts'

/** A test point a case, written as soon as it has ended, with its steps as a subtest. */
export class TapReport implements Reporter {
  readonly #sink: Sink
  readonly #run = new RunRecord()
  readonly #written = new Set<string>()
  #number = 0
  #ended = false

  constructor(sink: Sink, version: 13 | 14) {
    this.#sink = sink
    this.#lines([`TAP version ${version}`])
  }

  event(raw: RunEvent): void {
    const event = cleanEvent(raw)
    this.#run.add(event)
    if (event.is === 'run.started') this.#begin(event)
    else if (event.is === 'case.ended') this.#case(event.case)
    else if (event.is === 'run.ended') this.#end()
  }

  end(): void {
    this.#end()
  }

  #begin({ cases, run }: Extract<RunEvent, { is: 'run.started' }>): void {
    this.#lines([cases.length === 0 ? '1..0 # SKIP nothing was run' : `1..${cases.length}`, `# run ${cleanLine(run)}`])
  }

  #case(id: string): void {
    const kase = this.#run.cases.get(id)
    if (!kase || this.#written.has(id)) return
    this.#written.add(id)
    this.#lines(pointLines(casePoint(kase), ++this.#number, ''))
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#run.finish()
    for (const id of this.#run.cases.keys()) this.#case(id)
    const { ended, killed, interrupted } = this.#run
    if (ended?.left) this.#lines([`# ${leftWords([...this.#run.cases.values()])} ${cleanLine(ended.left)}`])
    const bail = bailOut(killed, ended?.interrupted ?? interrupted?.signal)
    if (bail !== undefined) this.#lines([`Bail out! ${bail}`])
  }

  #lines(lines: readonly string[]): void {
    this.#sink.write(lines.map((line) => `${line}\n`).join(''))
  }
}

function pointLines(point: Point, number: number, indent: string): string[] {
  const title = escaped(point.title)
  const directive = point.directive === undefined ? '' : ` # ${escaped(point.directive)}`
  return [
    ...subtest(point, title, indent),
    `${indent}${point.ok ? 'ok' : 'not ok'} ${number} - ${title}${directive}`,
    ...block(point, `${indent}  `),
  ]
}

/** The name stands as in the point that closes it, so that the two match. */
function subtest({ points }: Point, title: string, indent: string): string[] {
  if (points.length === 0) return []
  const within = `${indent}    `
  const inner = points.flatMap((point, index) => pointLines(point, index + 1, within))
  return [`${indent}# Subtest: ${title}`, `${within}1..${points.length}`, ...inner]
}

function block({ diagnostics }: Point, indent: string): string[] {
  return diagnostics === undefined ? [] : [`${indent}---`, ...yamlish(diagnostics, indent), `${indent}...`]
}

function escaped(text: string): string {
  return text.replace(/[\\#]/g, '\\$&')
}
