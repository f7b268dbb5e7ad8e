/** A matrix → its rows. */
import { type Finding, PlanError } from '../contracts/errors.ts'
import type { Plan } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import { wrong } from './schema-errors.ts'

export type Row = Readonly<Record<string, unknown>>

const WORDS = ['include', 'exclude', 'cover'] as const

/** All rows of a plan; one empty row without a matrix. Throws a PlanError for a matrix that makes no sense. */
export function rowsOf(plan: Plan): readonly Row[] {
  if (plan.matrix === undefined) return [{}]
  const axes = Object.entries(plan.matrix).filter(([name]) => !(WORDS as readonly string[]).includes(name))
  const wrongAxes = axes.flatMap(([name, values]) => checkAxis(plan, name, values))
  if (wrongAxes.length > 0) throw new PlanError(wrongAxes)
  const {
    include = [],
    exclude = [],
    cover = 'all',
  } = plan.matrix as { include?: Row[]; exclude?: Row[]; cover?: string }
  const all = product(axes as [string, unknown[]][]).filter((row) => !exclude.some((one) => holds(row, one)))
  return [...covering(all, cover, plan), ...include]
}

function checkAxis(plan: Plan, name: string, values: unknown): Finding[] {
  const place = placeAt(plan.place, 'matrix', name)
  if (Array.isArray(values) && values.length > 0) return []
  if (typeof values === 'object' && values !== null && 'from' in values)
    return [
      wrong(place, 'not-built', 'an axis `from` a file is part of the language, but not built yet', 'list its values'),
    ]
  return [wrong(place, 'bad-axis', `axis "${name}" needs a list of values`, 'write [a, b]')]
}

function product(axes: readonly (readonly [string, readonly unknown[]])[]): Row[] {
  return axes.reduce<Row[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  )
}

function holds(row: Row, part: Row): boolean {
  return Object.entries(part).every(([name, value]) => JSON.stringify(row[name]) === JSON.stringify(value))
}

function covering(rows: readonly Row[], cover: string, plan: Plan): readonly Row[] {
  if (cover === 'all') return rows
  if (cover !== 'pairs' && cover !== 'each')
    throw new PlanError([
      wrong(placeAt(plan.place, 'matrix', 'cover'), 'bad-cover', `"${cover}" is no cover`, 'use all, pairs or each'),
    ])
  return greedy(rows, cover === 'pairs' ? pairsOf : singlesOf)
}

/** Takes the row that shows the most of what was not shown yet, until all is shown. */
function greedy(rows: readonly Row[], shownBy: (row: Row) => readonly string[]): Row[] {
  const open = new Set(rows.flatMap((row) => shownBy(row)))
  const chosen: Row[] = []
  while (open.size > 0) {
    const gain = (row: Row) => shownBy(row).filter((one) => open.has(one)).length
    const best = rows.reduce((a, b) => (gain(b) > gain(a) ? b : a))
    for (const one of shownBy(best)) open.delete(one)
    chosen.push(best)
  }
  return chosen
}

function singlesOf(row: Row): string[] {
  return Object.entries(row).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
}

function pairsOf(row: Row): string[] {
  const singles = singlesOf(row)
  return singles.flatMap((a, index) => singles.slice(index + 1).map((b) => `${a} ${b}`))
}

/** `[pool=main, prune=true]`; an object by its name. */
export function rowTitle(row: Row): string {
  const words = Object.entries(row).map(([name, value]) => `${name}=${worded(value)}`)
  return words.length === 0 ? '' : ` [${words.join(', ')}]`
}

function worded(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return 'name' in value ? String(value.name) : JSON.stringify(value)
}
