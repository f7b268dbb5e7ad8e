import { describe, expect, test } from 'bun:test'
import { parse } from 'yaml'
import type { RunEvent } from '../contracts/events.ts'
import { eventsOf, logs, logText, reportOf } from './testing.ts'
import { errorsIn, prove, proveTest } from './testing-tap.ts'
import { Parser } from './testing-tap-parser.ts'

describe('tap 14', () => {
  test('a strict parser finds nothing wrong with it', async () => {
    for (const log of logs) expect(await errorsIn(await reportOf('tap', eventsOf(log)))).toEqual([])
  })

  test('the strict parser would find a line that is no TAP, and a subtest whose name does not match', async () => {
    expect(await errorsIn('TAP version 14\n1..1\nhello\nok 1 - a\n')).not.toEqual([])
    expect(await errorsIn('TAP version 14\n1..2\nok 1 - a\n')).not.toEqual([])
  })

  test('a failed case fails for a reader of TAP, a passed one passes, a skipped one is neither', async () => {
    expect((await results(await reportOf('tap', eventsOf('node-down')))).ok).toBe(true)
    expect((await results(await reportOf('tap', eventsOf('failing-wait')))).ok).toBe(false)
    const { ok, skip } = await results(await reportOf('tap', eventsOf('skipped')))
    expect({ ok, skip }).toEqual({ ok: true, skip: 2 })
  })

  test('steps that passed and a target that could not be put back are not ok', async () => {
    expect(await reportOf('tap', eventsOf('drifted'))).toContain('not ok 1 - The config is applied @demo')
    expect(await reportOf('tap', eventsOf('drifted'))).toContain('not ok 4 - restored: node is running')
  })

  test('a step that only warns is TODO and leaves its case ok', async () => {
    const tap = await reportOf('tap', withoutFailures(eventsOf('for-each')))
    expect(tap).toContain('not ok 2 - reload twice # TODO it only warns')
    expect(tap).toContain('\nok 1 - Each worker [pool=main, prune=true] @demo')
    expect((await results(tap)).ok).toBe(true)
  })

  test('a run that was interrupted or killed bails out', async () => {
    expect(await reportOf('tap', eventsOf('interrupted'))).toEndWith('Bail out! interrupted by SIGINT\n')
    expect(await reportOf('tap', eventsOf('killed'))).toEndWith('Bail out! the run was killed\n')
    expect(await reportOf('tap', [])).toBe('TAP version 14\nBail out! the run was killed\n')
  })

  test('the diagnostics are YAML that says where, what was expected, and how it changed', async () => {
    const [block = ''] = blocksIn(await reportOf('tap', eventsOf('failing-wait')))
    const { at, expected, actual, history, logs: last, source } = parse(block)
    expect({ at, expected, actual }).toEqual({
      at: { file: 'plans/node-down.yaml', line: 18, column: 31 },
      expected: '0',
      actual: '3',
    })
    expect(history).toHaveLength(3)
    expect(last[0].lines).toContain('WARN node is down\n')
    expect(source).toContain('^^^^')
  })

  test('`#` and `\\` of a title are escaped, so that they are read as they were', async () => {
    const name = 'half # SKIP of \\ it'
    const events = eventsOf('node-down').map((event) =>
      event.is === 'run.started'
        ? { ...event, cases: event.cases.map((kase) => ({ ...kase, title: name })) }
        : event.is === 'step.started'
          ? { ...event, title: name }
          : event,
    )
    const tap = await reportOf('tap', events)
    expect(tap).toContain('ok 1 - half \\# SKIP of \\\\ it @demo')
    expect(await errorsIn(tap)).toEqual([])
    const { skip, passes } = await results(tap)
    expect(skip).toBe(0)
    expect(passes?.[0]?.fullname).toBe(`${name} @demo`)
  })
})

describe('tap 13', () => {
  proveTest('prove reads it', async () => {
    for (const log of logs) {
      const { code, out } = prove(await reportOf('tap13', eventsOf(log)))
      expect({ log, out }).toEqual({ log, out: expect.not.stringContaining('Parse errors') })
      expect({ log, passed: code === 0 }).toEqual({ log, passed: ['node-down', 'skipped', 'check'].includes(log) })
    }
  })

  proveTest('a log that is cut off anywhere is read as failed, never as passed', async () => {
    const events = eventsOf('node-down').filter(({ is }) => is !== 'step.waiting')
    for (const length of [0, 1, 5, 12, events.length - 2, events.length - 1])
      expect(prove(await reportOf('tap13', events.slice(0, length))).code).not.toBe(0)
  })
})

test('the logs that the tests stand on hold control characters', async () => {
  expect(logText('failing-wait')).toContain('\\u001b')
})

function withoutFailures(events: readonly RunEvent[]): RunEvent[] {
  return events.map((event) => {
    if (event.is === 'step.ended' && event.outcome === 'failed') return { ...event, outcome: 'passed' }
    if (event.is === 'point' && event.outcome === 'failed') return { ...event, outcome: 'passed' }
    return event.is === 'case.ended' ? { ...event, outcome: 'passed' } : event
  })
}

function results(tap: string): Promise<Parser['results'] & object> {
  return new Promise((resolve) => {
    new Parser({ strict: true, passes: true }, resolve).end(tap)
  })
}

function blocksIn(tap: string): string[] {
  return [...tap.matchAll(/^( *)---\n([\s\S]*?)^\1\.\.\.$/gm)].map(([, , block = '']) => block)
}
