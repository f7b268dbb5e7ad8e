import { describe, expect, test } from 'bun:test'
import { eventsIn, replay } from './replay.ts'
import { RunRecord } from './run-record.ts'
import { eventsOf, logs, logText, reportOf } from './testing.ts'

describe('a log that stops after any of its events', () => {
  for (const log of logs)
    test(`${log}: every report can be made, and tells that the run was killed`, async () => {
      const events = eventsOf(log)
      for (let length = 1; length < events.length; length++) {
        const cut = events.slice(0, length)
        const ended = cut.filter(({ is }) => is === 'case.ended').length
        const planned = cut.flatMap((event) => (event.is === 'run.started' ? event.cases : [])).length
        expect(await reportOf('pretty', cut)).toContain('the run was killed')
        const tap = await reportOf('tap', cut)
        expect(tap).toEndWith('Bail out! the run was killed\n')
        expect(tap.match(/^(not )?ok \d/gm)).toHaveLength(planned)
        const xml = await reportOf('junit', cut)
        expect(xml.match(/(type="killed")|$/g)?.filter(Boolean)).toHaveLength(planned - ended)
        expect((await reportOf('ndjson', cut)).trimEnd().split('\n')).toHaveLength(length)
      }
    })
})

test('a case that was going on is errored, one that was not begun is not run', async () => {
  const run = recordOf('killed')
  const [first, second] = [...run.cases.values()]
  expect(first).toMatchObject({ outcome: 'errored', reason: { message: 'the run was killed' }, killed: true })
  expect(second).toMatchObject({ outcome: 'not-run', reason: { message: 'the run was killed' }, killed: true })
})

test('its steps that had not ended are errored, those behind them are not run', async () => {
  const [kase] = recordOf('killed').cases.values()
  const outcomes = kase?.items.map((item) => item.is === 'step' && `${item.title}: ${item.outcome}`)
  expect(outcomes).toEqual([
    'wait for gateway healthy: passed',
    'workers are admitted: passed',
    'stop node: passed',
    'workers are sent away: errored',
    'restore node: not-run',
    'workers come back: not-run',
  ])
})

test('people are told what may still be in, and what to type', async () => {
  const text = await reportOf('pretty', eventsOf('killed'))
  expect(text).toContain('may still be in: stops node')
  expect(text).toContain('bun run plan restore')
})

test('a run that was killed after its last case has failed for no case, and still says so', async () => {
  const events = eventsOf('node-down').slice(0, -1)
  expect(await reportOf('junit', events)).toContain('failures="0" errors="0"')
  expect(await reportOf('pretty', events)).toContain('the run was killed')
})

describe('an event log', () => {
  test('may end in the middle of a line', async () => {
    expect(logText('killed').endsWith('\n')).toBe(false)
    expect(eventsIn(logText('killed')).length).toBe(logText('killed').split('\n').length - 1)
  })

  test('cut off at any byte still gives a report', async () => {
    const bytes = Buffer.from(logText('drifted'))
    for (let length = 0; length < bytes.length; length += 37)
      expect(await reportOf('tap', eventsIn(bytes.subarray(0, length).toString()))).toContain('Bail out!')
  })

  test('with a line in it that is no event is refused by its number', async () => {
    expect(() => eventsIn('{"is":"note","t":0}\nhello\n{"is":"note","t":1}\n')).toThrow('line 2 is no event')
  })
})

function recordOf(log: string): RunRecord {
  const run = new RunRecord()
  replay(eventsOf(log), { event: (event) => run.add(event), end: () => run.finish() })
  return run
}
