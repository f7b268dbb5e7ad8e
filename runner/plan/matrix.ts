/** A matrix → its rows. */
import { exactJson } from '../base/exact-json.ts'
import { Spelled, setSpelled, spelledAt, spelledEntries, unspelled } from '../base/spelling.ts'
import { type Finding, PlanError } from '../contracts/errors.ts'
import type { Plan } from '../contracts/plan.ts'
import { type Place, placeAt, placeOfKey } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { axisValues } from './matrix/axis.ts'
import { covering, covers } from './matrix/cover.ts'
import { wrong } from './schema-errors.ts'

export type Row = Readonly<Record<string, unknown>>

/** Words of a matrix that are no axes. */
const WORDS: readonly string[] = ['include', 'exclude', 'cover']
const MOST_ROWS = 100_000

/** Names that `matrix` has in expressions: the axes, and what `include` adds. */
export function axesOf({ matrix = {} }: Pick<Plan, 'matrix'>): string[] {
  const added = listOf(matrix['include']).flatMap((row) => Object.keys(row))
  return [...new Set([...Object.keys(matrix).filter((name) => !WORDS.includes(name)), ...added])]
}

/** All rows of a plan; one empty row without a matrix. Throws a PlanError for a matrix that makes no sense. */
export function rowsOf(plan: Plan): readonly Row[] {
  const { matrix } = plan
  if (matrix === undefined) return [{}]
  const place = placeAt(plan.place, 'matrix')
  const axes = Object.entries(matrix).filter(([name]) => !WORDS.includes(name))
  const findings: Finding[] = [...checkWords(matrix, place)]
  const values = axes.map(([name, said]) => [name, axisValues(said, placeAt(place, name), findings)] as const)
  if (findings.length > 0) throw new PlanError(findings)
  const all = product(values, place).filter((row) => !listOf(matrix['exclude']).some((one) => holds(row, one)))
  const rows = including(
    covering(all, matrix['cover']),
    listOf(matrix['include']),
    new Set(values.map(([name]) => name)),
  )
  if (rows.length > 0) return rows
  throw new PlanError([
    wrong({ ...place, key: true }, 'no-rows', 'this matrix has no row: nothing would run', 'keep one'),
  ])
}

function listOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as Row[]) : []
}

function* checkWords(matrix: Row, place: Place): Generator<Finding> {
  const { cover } = matrix
  if (cover !== undefined && !covers.includes(String(cover)))
    yield wrong(placeAt(place, 'cover'), 'bad-cover', `"${cover}" is no cover; ${didYouMean(String(cover), covers)}`)
  for (const word of ['include', 'exclude'] as const) yield* checkRows(matrix, word, place)
}

function* checkRows(matrix: Row, word: 'include' | 'exclude', place: Place): Generator<Finding> {
  const at = placeAt(place, word)
  const rows = matrix[word]
  if (rows === undefined) return
  if (!Array.isArray(rows)) yield wrong(at, 'bad-axis', `\`${word}\` takes a list of rows`, `write [{axis: value}]`)
  const axes = Object.keys(matrix).filter((name) => !WORDS.includes(name))
  for (const [index, row] of listOf(rows).entries()) {
    if (typeof row !== 'object' || row === null)
      yield wrong(placeAt(at, index), 'bad-axis', 'a row is a mapping of axes', 'write {axis: value}')
    else if (word === 'exclude')
      for (const name of Object.keys(row))
        if (!axes.includes(name))
          yield wrong(
            placeOfKey(at, index, name),
            'unknown-axis',
            `there is no axis "${name}"; ${didYouMean(name, axes)}`,
          )
  }
}

function product(axes: readonly (readonly [string, readonly unknown[]])[], place: Place): Row[] {
  if (axes.length === 0) return []
  const size = axes.reduce((count, [, values]) => count * values.length, 1)
  if (size > MOST_ROWS) {
    const message = `${size} rows are more than anybody wants to wait for`
    throw new PlanError([wrong({ ...place, key: true }, 'too-many-rows', message, 'take fewer values')])
  }
  return axes.reduce<Row[]>(
    (rows, [name, values]) =>
      rows.flatMap((row) => spelledEntries(values).map(([, value]) => rowOf([...spelledEntries(row), [name, value]]))),
    [{}],
  )
}

/** Its values keep their spelling. */
function rowOf(entries: readonly (readonly [string, unknown])[]): Row {
  const row = {}
  for (const [name, value] of entries) setSpelled(row, name, value)
  return row
}

/** `3.1` and `3.10` are two values of an axis. */
function holds(row: Row, part: Row): boolean {
  return spelledEntries(part).every(([name, value]) => isSame(spelledAt(row, name), value))
}

function isSame(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(a, b) || (typeof unspelled(a) === 'boolean' && unspelled(a) === unspelled(b))
}

/** As in GitHub Actions: what is included is added to every row whose axes it does not contradict, else it is a row of its own. */
function including(rows: readonly Row[], include: readonly Row[], axes: ReadonlySet<string>): readonly Row[] {
  const grown = rows.map((row) => rowOf(spelledEntries(row)))
  const own: Row[] = []
  for (const one of include) {
    const said = rowOf(spelledEntries(one).filter(([name]) => axes.has(name)))
    const matching = grown.filter((row) => holds(row, said))
    for (const row of matching) for (const [name, value] of spelledEntries(one)) setSpelled(row, name, value)
    if (matching.length === 0) own.push(one)
  }
  return [...grown, ...own]
}

/** `[pool=main, prune=true]`; an object by its name. */
export function rowTitle(row: Row): string {
  const words = spelledEntries(row).map(([name, value]) => `${name}=${worded(value)}`)
  return words.length === 0 ? '' : ` [${words.join(', ')}]`
}

/** A value as titles and `--matrix` spell it. */
export function worded(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Spelled) return String(value)
  return 'name' in value ? String(spelledAt(value, 'name')) : exactJson(value)
}
