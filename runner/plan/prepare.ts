/** Paths → cases that are ready to run, or one PlanError with everything that is wrong. Nothing is touched. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, isError, type Located, PlanError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Document, Plan, Sources, TargetSpec } from '../contracts/plan.ts'
import type { Place } from '../contracts/source.ts'
import { checkCase } from './check.ts'
import { expand } from './expand.ts'
import { givenInputs, inputsOf, refuseUnknownInputs } from './inputs.ts'
import { loadDocument } from './load.ts'
import { readPlan } from './read.ts'
import { nearestTargets, targetsOf } from './targets.ts'
import { validatePlan, validateTargets } from './validate.ts'
import type { Validators } from './validators.ts'

export interface PrepareOptions {
  kindsFor(targets: Document | undefined): Promise<Kinds>
  validatorsFor(kinds: Kinds): Validators
  readonly targets: readonly string[] | undefined
  readonly inputs: readonly string[]
  readonly matrix: Readonly<Record<string, string>>
  readonly grep: string | undefined
  readonly tags: readonly string[] | undefined
}

export interface Prepared {
  readonly cases: readonly Case[]
  readonly sources: Sources
  readonly kinds: Kinds
  readonly validators: Validators
  readonly notes: readonly string[]
  readonly warnings: readonly Located[]
}

export async function prepare(paths: readonly string[], options: PrepareOptions): Promise<Prepared> {
  const work = new Preparation(options)
  for (const file of paths.flatMap((path) => work.filesOf(path))) await work.add(file)
  return work.end()
}

interface Home {
  readonly targets: ReadonlyMap<string, TargetSpec>
  readonly kinds: Kinds
  readonly validators: Validators
}

/** Gathers documents, findings and plans, file by file. */
class Preparation {
  readonly #options: PrepareOptions
  readonly #documents = new Map<string, Document>()
  readonly #findings: (Finding | Located)[] = []
  readonly #notes: string[] = []
  readonly #plans: { plan: Plan; home: Home }[] = []
  readonly #homes = new Map<string | undefined, Promise<Home>>()
  #last: Home | undefined

  constructor(options: PrepareOptions) {
    this.#options = options
  }

  /** A folder means the plans in it. */
  filesOf(path: string): string[] {
    try {
      if (!statSync(path).isDirectory()) return [path]
    } catch {
      return [path]
    }
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .sort((a, b) => a.name.localeCompare(b.name))
      .flatMap((entry) =>
        entry.isDirectory()
          ? this.filesOf(join(path, entry.name))
          : /\.ya?ml$/.test(entry.name)
            ? [join(path, entry.name)]
            : [],
      )
  }

  async add(file: string): Promise<void> {
    try {
      const document = this.#seen(loadDocument(file))
      const tree = document.tree as Record<string, unknown>
      const other = ['targets', 'fragment'].find((key) => key in tree && !('plan' in tree))
      if (other) {
        this.#notes.push(`${file} holds ${other === 'targets' ? 'targets' : 'a fragment'} and no plan: passed over`)
        return
      }
      const home = await this.#homeOf(file)
      this.#last = home
      const found = validatePlan(document, home.kinds, home.validators)
      this.#findings.push(...found)
      if (found.some(({ level }) => level === 'error')) return
      const plan = readPlan(document, { ...home, seen: (fragment) => void this.#seen(fragment) })
      this.#plans.push({ plan, home })
    } catch (error) {
      if (!isError(error, 'plan')) throw error
      this.#findings.push(...error.findings)
    }
  }

  /** The targets above a plan, with the kinds that their plugins add; read once. */
  #homeOf(file: string): Promise<Home> {
    const path = nearestTargets(file)
    const known = this.#homes.get(path)
    if (known) return known
    const made = this.#readHome(path)
    this.#homes.set(path, made)
    return made
  }

  async #readHome(path: string | undefined): Promise<Home> {
    const document = path === undefined ? undefined : this.#seen(loadDocument(path))
    const kinds = await this.#options.kindsFor(document)
    const validators = this.#options.validatorsFor(kinds)
    if (!document) return { targets: new Map(), kinds, validators }
    const found = validateTargets(document, kinds, validators)
    if (found.length > 0) throw new PlanError(found)
    return { targets: targetsOf(document, kinds), kinds, validators }
  }

  async end(): Promise<Prepared> {
    const given = givenInputs(this.#options.inputs)
    const chosen = this.#plans.filter(({ plan }) => this.#isChosen(plan))
    if (this.#findings.length === 0)
      refuseUnknownInputs(
        this.#plans.map(({ plan }) => plan),
        given,
      )
    const cases = chosen.flatMap(({ plan, home }) => this.#casesOf(plan, home, given))
    const located = this.#located()
    if (located.some(({ level }) => level === 'error')) throw new PlanError(located)
    const { kinds, validators } = this.#last ?? (await this.#readHome(undefined))
    const numbered = cases.map((kase, index): Case => ({ id: `c${index + 1}`, ...kase }))
    return { cases: numbered, sources: this.#sources(), kinds, validators, notes: this.#notes, warnings: located }
  }

  #isChosen(plan: Plan): boolean {
    const { tags, grep } = this.#options
    if (tags && !tags.some((tag) => plan.tags.includes(tag))) return false
    return grep === undefined || patternOf(grep).test(`${plan.document.file}\n${plan.title}\n${plan.description ?? ''}`)
  }

  #casesOf(plan: Plan, home: Home, given: Readonly<Record<string, unknown>>): Omit<Case, 'id'>[] {
    const { values, findings } = inputsOf(plan, given)
    this.#findings.push(...findings)
    try {
      const cases = expand(plan, home.targets, {
        targets: this.#options.targets,
        matrix: this.#options.matrix,
        inputs: values,
      })
      const perTarget = new Map(cases.filter(({ skip }) => !skip).map((kase) => [kase.target.name, kase]))
      for (const kase of perTarget.values()) this.#findings.push(...checkCase(kase, home.kinds))
      return cases
    } catch (error) {
      if (!isError(error, 'plan')) throw error
      this.#findings.push(...error.findings)
      return []
    }
  }

  #seen(document: Document): Document {
    this.#documents.set(document.file, document)
    return document
  }

  #sources(): Sources {
    return {
      frame: (place: Place) => {
        const document = this.#documents.get(place.file)
        if (!document) throw new Error(`${place.file} was not read`)
        return document.frame(place)
      },
    }
  }

  /** With their lines, in the order of files and lines, one each. */
  #located(): Located[] {
    const sources = this.#sources()
    const located = this.#findings.map(
      (finding): Located => ({ ...finding, frame: 'frame' in finding ? finding.frame : sources.frame(finding.place) }),
    )
    const order = [...this.#documents.keys()]
    const unique = new Map(
      located.map((one) => [`${one.frame.file}:${one.frame.line}:${one.frame.column} ${one.message}`, one]),
    )
    return [...unique.values()].sort(
      (a, b) =>
        order.indexOf(a.frame.file) - order.indexOf(b.frame.file) ||
        a.frame.line - b.frame.line ||
        a.frame.column - b.frame.column,
    )
  }
}

function patternOf(grep: string): RegExp {
  const [, pattern, flags] = /^\/(.+)\/([a-z]*)$/.exec(grep) ?? []
  return pattern === undefined
    ? new RegExp(grep.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
    : new RegExp(pattern, flags)
}
