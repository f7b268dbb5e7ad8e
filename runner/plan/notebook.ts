/** What was read and what was found wrong, file by file. */
import { type Finding, isError, type Located } from '../contracts/errors.ts'
import type { Document, Sources } from '../contracts/plan.ts'
import type { Frame, Place } from '../contracts/source.ts'
import { loadDocument } from './load.ts'

export class Notebook implements Sources {
  readonly notes: string[] = []
  /** Files in the order in which they were read. */
  readonly #order: string[] = []
  readonly #documents = new Map<string, Document>()
  readonly #findings: (Finding | Located)[] = []

  /** Undefined when it is no YAML, which is noted down. */
  read(file: string): Document | undefined {
    this.#order.push(file)
    return this.try(() => {
      const document = loadDocument(file)
      this.see(document)
      return document
    })
  }

  /** Remembers a document, so that places in it can be shown. */
  see(document: Document): void {
    this.#order.push(document.file)
    this.#documents.set(document.file, document)
  }

  add(findings: readonly (Finding | Located)[]): void {
    this.#findings.push(...findings)
  }

  /** Notes down what is wrong, so that the next file is looked at, too. */
  try<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      this.addError(error)
      return undefined
    }
  }

  /** Throws what is no PlanError. */
  addError(error: unknown): void {
    if (!isError(error, 'plan')) throw error
    this.add(error.findings)
  }

  get isClean(): boolean {
    return this.#findings.every(({ level }) => level !== 'error')
  }

  frame(place: Place): Frame {
    const document = this.#documents.get(place.file)
    if (!document) throw new Error(`${place.file} was not read`)
    return document.frame(place)
  }

  /** With their lines, in the order of files and lines, one each. */
  located(): readonly Located[] {
    const located = this.#findings.map(
      (finding): Located => ({ ...finding, frame: 'frame' in finding ? finding.frame : this.frame(finding.place) }),
    )
    const unique = new Map(located.map((one) => [`${spotOf(one.frame)} ${one.message}`, one]))
    return [...unique.values()].sort(
      (a, b) =>
        this.#order.indexOf(a.frame.file) - this.#order.indexOf(b.frame.file) ||
        a.frame.line - b.frame.line ||
        a.frame.column - b.frame.column,
    )
  }
}

function spotOf({ file, line, column }: Frame): string {
  return `${file}:${line}:${column}`
}
