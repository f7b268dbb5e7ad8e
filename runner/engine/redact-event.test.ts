import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MASK, Redactor } from '../base/redact/redactor.ts'
import type { RunEvent } from '../contracts/events.ts'
import { freeText } from '../contracts/free-text.ts'
import { redactEvent } from './redact-event.ts'

const root = join(import.meta.dir, '..')
/** Event logs of the golden tests: all kinds of events, with failures, skips, and what was put back. */
const logs = join(root, 'report', 'testdata')
const events = readdirSync(logs, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ndjson'))
  .flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n').filter(Boolean))
  // The log of a run that was killed ends with half a line.
  .filter((line) => line.endsWith('}'))
  .map((line) => JSON.parse(line) as RunEvent)

describe('redactEvent', () => {
  test('has events of every kind to work on', () => {
    expect([...new Set(events.map((event) => event.is))].sort()).toEqual(
      Object.keys(freeText).sort() as RunEvent['is'][],
    )
  })

  const contract = readFileSync(join(root, 'contracts', 'events.ts'), 'utf8')
  const words = new Set(contract.match(/[A-Za-z][\w.-]{3,}/g))
  for (const word of words)
    test(`leaves the structure alone when the secret is "${word}"`, () => {
      const redactor = new Redactor()
      redactor.add(word)
      for (const event of events)
        expect(structureOf(redactEvent(event, redactor), freeText[event.is])).toEqual(
          structureOf(event, freeText[event.is]),
        )
    })

  test('leaves ids, files and outcomes alone when they are secrets', () => {
    const redactor = new Redactor()
    for (const event of events) for (const text of keptTexts(event, freeText[event.is])) redactor.add(text)
    for (const event of events)
      expect(keptTexts(redactEvent(event, redactor), freeText[event.is])).toEqual(keptTexts(event, freeText[event.is]))
  })

  test('masks every free text', () => {
    const redactor = new Redactor()
    redactor.add('hunter2-hunter2')
    const full = events.map((event) => withSecret(event, freeText[event.is]) as RunEvent)
    const written = JSON.stringify(full)
    expect(written.split('hunter2-hunter2').length).toBeGreaterThan(events.length)
    expect(JSON.stringify(full.map((event) => redactEvent(event, redactor)))).toBe(
      written.replaceAll('hunter2-hunter2', MASK),
    )
  })

  test('masks numbers among the values of a plan', () => {
    const redactor = new Redactor()
    redactor.add('12345678')
    const started = events.find((event) => event.is === 'run.started')
    if (started?.is !== 'run.started') throw new Error('no run was started')
    const [kase] = started.cases
    if (!kase) throw new Error('it has no case')
    const given = { ...started, cases: [{ ...kase, matrix: { pin: 12345678, port: 80, list: ['12345678'] } }] }
    expect(redactEvent(given, redactor)).toMatchObject({ cases: [{ matrix: { pin: MASK, port: 80, list: [MASK] } }] })
  })
})

type Mark = string | undefined | { readonly [key: string]: Mark }

/** The event without its free text. */
function structureOf(value: unknown, mark: Mark): unknown {
  if (mark === 'text' || mark === 'lines') return 'free'
  if (Array.isArray(value)) return value.map((item) => structureOf(item, mark))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structureOf(item, under(mark, key))]))
}

function keptTexts(value: unknown, mark: Mark): string[] {
  if (mark === 'text' || mark === 'lines') return []
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => keptTexts(item, Array.isArray(value) ? mark : under(mark, key)))
}

function withSecret(value: unknown, mark: Mark, inFree = false): unknown {
  const free = inFree || mark === 'text' || mark === 'lines'
  if (typeof value === 'string') return free ? `a hunter2-hunter2 ${value}` : value
  if (Array.isArray(value)) return value.map((item) => withSecret(item, mark, free))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withSecret(item, free ? mark : under(mark, key), free)]),
  )
}

function under(mark: Mark, key: string): Mark {
  return typeof mark === 'object' ? mark[key] : undefined
}
