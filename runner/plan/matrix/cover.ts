/** Fewer rows that still show each value, or each pair of values. */
import { exactJson } from '../../base/exact-json.ts'
import { Spelled, spelledEntries } from '../../base/spelling.ts'

type Row = Readonly<Record<string, unknown>>

export const covers: readonly string[] = ['all', 'pairs', 'each']

export function covering(rows: readonly Row[], cover: unknown): readonly Row[] {
  if (cover === 'pairs') return greedy(rows, pairsOf)
  return cover === 'each' ? greedy(rows, singlesOf) : rows
}

/** Takes the row that shows the most of what was not shown yet, until all is shown. */
function greedy(rows: readonly Row[], shownBy: (row: Row) => readonly string[]): Row[] {
  const candidates = rows.map((row) => ({ row, shows: shownBy(row) }))
  const open = new Set(candidates.flatMap(({ shows }) => shows))
  const chosen: Row[] = []
  while (open.size > 0) {
    const gains = candidates.map(({ shows }) => shows.filter((one) => open.has(one)).length)
    const best = candidates[gains.indexOf(Math.max(...gains))]
    for (const one of best?.shows ?? open) open.delete(one)
    if (best) chosen.push(best.row)
  }
  return chosen
}

function singlesOf(row: Row): string[] {
  return spelledEntries(row).map(
    ([name, value]) => `${name}=${value instanceof Spelled ? value.text : exactJson(value)}`,
  )
}

/** A single axis has no pairs: each of its values then stands for itself. */
function pairsOf(row: Row): string[] {
  const singles = singlesOf(row)
  if (singles.length === 1) return singles
  return singles.flatMap((a, index) => singles.slice(index + 1).map((b) => `${a} ${b}`))
}
