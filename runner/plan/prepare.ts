/** Paths → cases that are ready to run, or one PlanError with everything that is wrong. Nothing is touched. */
import { spelledAt } from '../base/spelling.ts'
import { type Located, PlanError, UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Document, Plan, Sources } from '../contracts/plan.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { checkCase } from './check.ts'
import { documentsIn } from './documents.ts'
import { expand, type Unnumbered } from './expand.ts'
import { type Home, Homes } from './homes.ts'
import { givenInputs, inputsOf, refuseUnknownInputs } from './inputs.ts'
import { rowsOf, worded } from './matrix.ts'
import { Notebook } from './notebook.ts'
import { readPlan } from './read.ts'
import { validatePlan } from './validate.ts'
import type { Validators } from './validators.ts'

export interface PrepareOptions {
  /** The built-in kinds, and those of the plugins that a targets.yaml names. */
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

interface Ready {
  readonly plan: Plan
  readonly home: Home
}

/** Throws a PlanError with all findings in the order of files and lines, or a UsageError for flags that fit no plan. */
export async function prepare(paths: readonly string[], options: PrepareOptions): Promise<Prepared> {
  const notebook = new Notebook()
  const homes = new Homes(options, notebook)
  const given = givenInputs(options.inputs)
  const plans: Ready[] = []
  for (const document of documentsIn(paths, notebook)) plans.push(...(await readOne(document, homes, notebook)))
  if (notebook.isClean) refuseUnknownFlags(plans, options, given)
  const cases = plans.flatMap((ready) => casesOf(ready, options, given, notebook))
  if (cases.length === 0 && options.grep !== undefined && plans.length > 0)
    notebook.notes.push(`--grep ${options.grep}: no case has that in its title, file or description`)
  const located = notebook.located()
  if (located.some(({ level }) => level === 'error')) throw new PlanError(located)
  const kinds = await homes.allKinds()
  return {
    cases: cases.map((kase, index): Case => ({ id: `c${index + 1}`, ...kase })),
    sources: notebook,
    kinds,
    validators: options.validatorsFor(kinds),
    notes: notebook.notes,
    warnings: located,
  }
}

/** A plan, unless something is wrong with its shape: then its names can't be told. */
async function readOne(document: Document, homes: Homes, notebook: Notebook): Promise<Ready[]> {
  const home = await homes.of(document.file)
  if (home.lacksKinds) return []
  const found = validatePlan(document, home.kinds, home.validators)
  notebook.add(found)
  if (found.some(({ level }) => level === 'error')) return []
  const reading = { ...home, seen: notebook.see.bind(notebook), warn: notebook.add.bind(notebook) }
  const plan = notebook.try(() => readPlan(document, reading))
  return plan && home.targets ? [{ plan, home }] : []
}

function casesOf(
  { plan, home }: Ready,
  options: PrepareOptions,
  given: ReadonlyMap<string, unknown>,
  notebook: Notebook,
): readonly Unnumbered[] {
  const { values, findings } = inputsOf(plan, given)
  const by = { targets: options.targets, matrix: options.matrix, inputs: values }
  const all = notebook.try(() => expand(plan, home.targets ?? new Map(), by)) ?? []
  const chosen = all.filter((kase) => isChosen(kase, options))
  if (chosen.length === 0) return []
  notebook.add(findings)
  // Rows of a matrix differ in values only, so one of them is checked for all.
  const perTarget = new Map(chosen.filter(({ skip }) => !skip).map((kase) => [kase.target.name, kase]))
  for (const kase of perTarget.values()) notebook.add(checkCase(kase, home.kinds))
  return chosen
}

function isChosen({ plan, title }: Unnumbered, { tags, grep }: PrepareOptions): boolean {
  if (tags && !tags.some((tag) => plan.tags.includes(tag))) return false
  return grep === undefined || patternOf(grep).test(`${plan.document.file}\n${title}\n${plan.description ?? ''}`)
}

/** Words as they are, or a pattern between slashes. */
function patternOf(grep: string): RegExp {
  const [, pattern, flags] = /^\/(.+)\/([a-z]*)$/s.exec(grep) ?? []
  if (pattern === undefined) return new RegExp(RegExp.escape(grep), 'i')
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    throw new UsageError(`--grep ${grep}: ${(error as Error).message}`)
  }
}

/** An input, an axis or a value that no plan has is a slip of the command line. */
function refuseUnknownFlags(
  plans: readonly Ready[],
  { matrix, tags = [] }: PrepareOptions,
  given: ReadonlyMap<string, unknown>,
): void {
  refuseUnknownInputs(
    plans.map(({ plan }) => plan),
    given,
  )
  for (const [axis, value] of Object.entries(matrix)) refuseUnknownAxis(axis, value, plans)
  const known = new Set(plans.flatMap(({ plan }) => plan.tags))
  for (const tag of tags) if (!known.has(tag)) throw new UsageError(`--tag ${tag}: ${unknownTag(tag, known)}`)
}

function unknownTag(tag: string, known: ReadonlySet<string>): string {
  return known.size === 0 ? 'no plan here has tags' : `no plan has that tag; ${didYouMean(tag, [...known].sort())}`
}

function refuseUnknownAxis(axis: string, value: string, plans: readonly Ready[]): void {
  const rows = plans.flatMap(({ plan }) => (plan.matrix === undefined ? [] : rowsOf(plan)))
  const axes = new Set(rows.flatMap((row) => Object.keys(row)))
  const values = new Set(rows.flatMap((row) => (Object.hasOwn(row, axis) ? [worded(spelledAt(row, axis))] : [])))
  if (values.has(value)) return
  const hint = (word: string, names: ReadonlySet<string>) =>
    names.size === 0 ? 'there are none' : didYouMean(word, names)
  throw new UsageError(
    axes.has(axis)
      ? `--matrix ${axis}=${value}: no plan has that value; ${hint(value, values)}`
      : `--matrix ${axis}=${value}: no plan has such an axis; ${hint(axis, axes)}`,
  )
}
