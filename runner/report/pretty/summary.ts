/** What a run came to: a table of its cases, why those that did not pass did not, totals, and what to do next. */
import type { Counts, Outcome } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { whereIs } from '../frame-text.ts'
import { cleanLine } from '../plain-text.ts'
import { type CaseRecord, isBad, KILLED, reasonText } from '../record.ts'
import type { RunRecord } from '../run-record.ts'
import { isLeftOnPurpose, leftWords, sayWhy } from '../verdict.ts'
import { laidOut, type Room } from './layout.ts'
import { markOf, type Palette, paintOf, restoredMark, restoredWords, wordOf } from './palette.ts'

export interface SummaryOptions extends Room {
  readonly palette: Palette
  readonly quiet: boolean
}

export function summaryLines(run: RunRecord, options: SummaryOptions): string[] {
  const cases = [...run.cases.values()]
  const table = options.quiet || cases.length === 0 ? [] : [...tableOf(cases, options), '']
  const reasons = cases.flatMap((kase) => reasonsOf(kase, options))
  return [...table, ...reasons, ...(reasons.length > 0 ? [''] : []), ...endLines(run, cases, options)]
}

function tableOf(cases: readonly CaseRecord[], { palette, width }: SummaryOptions): string[] {
  const Table = require('cli-table3') as typeof import('cli-table3')
  const head = ['', 'case', 'target', 'time', 'restored'].map((word) => palette.dim(word))
  const rows = cases.map((kase) => rowOf(kase, palette))
  const others = [0, 2, 3, 4].map((column) => widest([head, ...rows], column))
  const room = Math.max(20, width - others.reduce((sum, one) => sum + one + 2, 0) - 2)
  const title = Math.min(room, widest([head, ...rows], 1)) + 2
  const [outcome = 0, target = 0, time = 0, restored = 0] = others.map((one) => one + 2)
  const table = new Table({
    head,
    chars: { ...bare, middle: '' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colWidths: [outcome, title, target, time, restored],
    colAligns: ['left', 'left', 'left', 'right', 'left'],
    wordWrap: true,
    wrapOnWordBoundary: true,
  })
  table.push(...rows)
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}

/** Columns stand apart by spaces alone. */
const bare = Object.fromEntries(
  ['top', 'bottom', 'mid', 'left', 'right'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((end) => [`${side}${end}`, '']),
  ),
)

function rowOf(kase: CaseRecord, palette: Palette): string[] {
  const { planned, outcome = 'errored', duration, restored, killed } = kase
  const paint = paintOf(outcome, palette)
  const ran = outcome !== 'skipped' && (outcome !== 'not-run' || duration > 0)
  const back = killed && kase.open.size > 0 ? 'unknown' : (restored ?? '')
  return [
    `${markOf(outcome, palette)} ${paint(wordOf(outcome))}`,
    cleanLine(planned.title),
    cleanLine(planned.target),
    ran ? formatDuration(duration) : '',
    restored === 'failed' ? palette.bad('FAILED') : back === 'restored' || back === '' ? back : palette.warn(back),
  ]
}

function widest(rows: readonly (readonly string[])[], column: number): number {
  return Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? '')))
}

/** A line for each case that did not simply pass, and for each thing that was not put back. */
function reasonsOf(kase: CaseRecord, options: SummaryOptions): string[] {
  const { palette } = options
  const { outcome = 'errored', planned } = kase
  const why = isBad(outcome) ? whyBad(kase) : reasonText(kase.reason)
  const told =
    outcome === 'passed' || why === ''
      ? []
      : [`${markOf(outcome, palette)} ${wordsOf(planned.title, wordOf(outcome), palette)} ${why}`]
  const stays = kase.items.flatMap((item) =>
    item.is === 'restored' && item.event.outcome !== 'restored'
      ? [
          `${restoredMark(item.event.outcome, palette)} ${wordsOf(planned.title, restoredWords(item.event.outcome), palette)} ${cleanLine(item.event.title)}`,
        ]
      : [],
  )
  return laidOut(
    [...told, ...stays].map((text) => ({ indent: 0, text, hang: 2 })),
    0,
    options,
  )
}

function wordsOf(title: string, words: string, { dim }: Palette): string {
  return `${cleanLine(title)} ${dim(`${words}:`)}`
}

const LONGEST = 200

function whyBad(kase: CaseRecord): string {
  const { text, frame } = sayWhy(kase)
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return frame ? `${short} (${cleanLine(whereIs(frame))})` : short
}

function endLines(run: RunRecord, cases: readonly CaseRecord[], { palette }: SummaryOptions): string[] {
  const lines = [totals(run, cases, palette)]
  const interrupted = run.ended?.interrupted ?? run.interrupted?.signal
  if (interrupted !== undefined) lines.push(palette.warn(`interrupted by ${cleanLine(interrupted)}`))
  if (run.started) lines.push(palette.dim(`results in ${cleanLine(run.started.results)}`))
  if (run.killed) lines.push(palette.bad(KILLED), ...leftByKill(cases))
  const left =
    run.ended?.left ?? (run.killed && cases.some(({ open }) => open.size > 0) ? 'bun run plan restore' : undefined)
  if (left !== undefined)
    lines.push(
      (isLeftOnPurpose(cases) ? palette.warn : palette.bad)(leftWords(cases)),
      `  ${palette.strong(cleanLine(left))}`,
    )
  return lines
}

function leftByKill(cases: readonly CaseRecord[]): string[] {
  return cases.flatMap(({ open }) => [...open.values()].map(({ does }) => `  may still be in: ${cleanLine(does)}`))
}

const order: readonly (readonly [keyof Counts, Outcome])[] = [
  ['passed', 'passed'],
  ['checked', 'checked'],
  ['failed', 'failed'],
  ['errored', 'errored'],
  ['skipped', 'skipped'],
  ['notRun', 'not-run'],
]

/** Counted again from the cases, so that a run that was killed has totals, too. */
function totals(run: RunRecord, cases: readonly CaseRecord[], palette: Palette): string {
  const words = order.flatMap(([key, outcome]) => {
    const count = run.ended?.counts[key] ?? cases.filter((kase) => kase.outcome === outcome).length
    return count === 0 ? [] : [paintOf(outcome, palette)(`${count} ${wordOf(outcome)}`)]
  })
  const time = run.ended === undefined ? '' : palette.dim(` in ${formatDuration(run.ended.duration)}`)
  return `${words.length === 0 ? 'nothing was run' : words.join(', ')}${time}`
}
