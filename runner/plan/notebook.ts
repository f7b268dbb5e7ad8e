/** What was read and what was found wrong, file by file. */
import { clip } from '../base/brief.ts'
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

  /** With their lines, in the order of files and lines, one each; of very many the first, and how many more there are. */
  located(): readonly Located[] {
    const located = this.#findings.map(
      (finding): Located => ({ ...finding, frame: 'frame' in finding ? finding.frame : this.frame(finding.place) }),
    )
    const unique = new Map(located.map((one) => [`${spotOf(one.frame)} ${one.message}`, one]))
    const sorted = [...unique.values()].sort(
      (a, b) =>
        this.#order.indexOf(a.frame.file) - this.#order.indexOf(b.frame.file) ||
        a.frame.line - b.frame.line ||
        a.frame.column - b.frame.column,
    )
    return firstOf(sorted).map((one) => ({ ...one, message: clip(one.message, LONGEST_MESSAGE) }))
  }
}

/** Nobody reads more. */
const MOST = 100

/** Errors come before warnings where something is left out, so that no error is. */
function firstOf(all: readonly Located[]): readonly Located[] {
  const [next] = all.slice(MOST)
  if (!next) return all
  const level = all.some((one) => one.level === 'error') ? 'error' : 'warning'
  const chosen = all.filter((one) => one.level === level)
  const [left, ...others] = chosen.slice(MOST)
  if (!left) return chosen
  const message = `and ${others.length + 1} more ${level}s from here on`
  return [...chosen.slice(0, MOST), { ...left, code: 'more', message, hint: 'mend the others first', level }]
}

/** A key or value that is quoted in a message may be megabytes long. */
const LONGEST_MESSAGE = 1_500

function spotOf({ file, line, column }: Frame): string {
  return `${file}:${line}:${column}`
}
