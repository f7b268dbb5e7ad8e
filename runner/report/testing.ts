/** For the tests of the reports: event logs, and what a reporter makes of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReporterOptions, RunEvent, Sink } from '../contracts/events.ts'
import { reporterKinds } from './index.ts'
import { eventsIn, replay } from './replay.ts'

export const testdata = join(import.meta.dir, 'testdata')

export const logs: readonly string[] = readdirSync(testdata)
  .filter((name) => name.endsWith('.ndjson'))
  .map((name) => name.replace('.ndjson', ''))
  .sort()

export function logText(name: string): string {
  return readFileSync(join(testdata, `${name}.ndjson`), 'utf8')
}

export function eventsOf(name: string): RunEvent[] {
  return eventsIn(logText(name))
}

export type Asked = Partial<Pick<Sink, 'columns' | 'color'>> & Partial<ReporterOptions>

/** What a reporter writes about these events. */
export async function reportOf(name: string, events: Iterable<RunEvent>, asked: Asked = {}): Promise<string> {
  const { columns, color = 0, ...options } = asked
  const written: string[] = []
  const sink: Sink = { write: (text) => void written.push(text), columns, color }
  const kind = reporterKinds.find((one) => one.name === name)
  if (!kind) throw new Error(`no reporter ${name}`)
  replay(events, await kind.open(sink, { quiet: false, verbose: false, options: [], ...options }))
  return written.join('')
}

/** Each text of an event replaced, as whatever a stack may put there. Names that tie events together stay. */
export function withTexts(event: RunEvent, replace: (text: string) => string): RunEvent {
  return mapTexts(event, replace, '') as RunEvent
}

const ties = new Set([
  'is',
  'case',
  'step',
  'id',
  'planned',
  'parent',
  'phase',
  'outcome',
  'state',
  'by',
  'class',
  'level',
  'at',
  'restored',
])

function mapTexts(value: unknown, replace: (text: string) => string, key: string): unknown {
  if (typeof value === 'string') return ties.has(key) ? value : replace(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, replace, name)]))
}
