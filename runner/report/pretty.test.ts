import { describe, expect, test } from 'bun:test'
import { stripVTControlCharacters } from 'node:util'
import type { RunEvent } from '../contracts/events.ts'
import { pretty } from './pretty.ts'
import { type Asked, eventsOf, logs, reportOf } from './testing.ts'

describe('on a terminal', () => {
  test('what is waited for stands in one live line, with time, limit and last value', async () => {
    const { written } = await shownSoFar(
      eventsOf('node-down'),
      (event) => event.is === 'step.waiting' && event.elapsed === 1040,
    )
    const live = stripVTControlCharacters(written.at(-1) ?? '').replaceAll('\r', '')
    expect(live).toBe('  … workers are sent away 1s/20s  $.node is "up", $.workers.admitted is 3')
  })

  test('the live line is rewritten in place and gone before other lines', async () => {
    for (const log of logs) {
      const text = await reportOf('pretty', eventsOf(log), { columns: 80, color: 1 })
      expect(text).toContain('\r\u001b[2K')
      expect(screenOf(text)).toEqual(screenOf(await reportOf('pretty', eventsOf(log), { columns: 80, color: 0 })))
      expect(screenOf(text).some((line) => line.includes('…') && line.includes('/20s'))).toBe(false)
    }
  })

  test('no line is wider than the terminal', async () => {
    for (const columns of [80, 60, 100])
      for (const log of logs) {
        const wide = screenOf(await reportOf('pretty', eventsOf(log), { columns, color: 0 })).filter(
          (line) => Bun.stringWidth(line) > columns,
        )
        expect({ log, columns, wide }).toEqual({ log, columns, wide: [] })
      }
  })

  test('a live line that is too long is cut to the width', async () => {
    const { written } = await shownSoFar(eventsOf('node-down'), (event) => event.is === 'step.waiting', { columns: 40 })
    for (const text of written) {
      const [last = ''] = text.split('\n').slice(-1)
      expect(Bun.stringWidth(stripVTControlCharacters(last).replaceAll('\r', '').trimEnd())).toBeLessThanOrEqual(37)
    }
  })

  test('without colours no escape sequence is written', async () => {
    for (const log of logs)
      expect(await reportOf('pretty', eventsOf(log), { columns: 80, color: 0 })).not.toContain('\u001b')
  })
})

describe('in a pipe', () => {
  test('there are no escape sequences, no live line, and nothing is wrapped', async () => {
    for (const log of logs) {
      const text = await reportOf('pretty', eventsOf(log))
      expect(text).not.toMatch(/[\u001b\r]/)
      expect(text).not.toContain('  … ')
    }
    expect(await reportOf('pretty', eventsOf('failing-wait'))).toContain(
      'it is in the middle of a submission and holds its lease\n',
    )
  })

  test('colours can be had all the same', async () => {
    expect(await reportOf('pretty', eventsOf('node-down'), { color: 1 })).toContain('\u001b[32m✓\u001b[39m')
  })
})

describe('cases side by side', () => {
  test('lines of different cases are never mixed', async () => {
    const lines = (await reportOf('pretty', eventsOf('side-by-side'))).split('\n')
    const heads = lines.flatMap((line, index) => (/^Node down.* on demo/.test(line) ? [index] : []))
    const ends = lines.flatMap((line, index) => (/^ {2}(passed|failed|not run) after/.test(line) ? [index] : []))
    expect(heads).toHaveLength(3)
    for (const [index, head] of heads.entries()) expect(ends[index]).toBeGreaterThan(head)
    for (const [index, head] of heads.slice(1).entries()) expect(head).toBeGreaterThan(ends[index] ?? 0)
  })

  test('the oldest is shown as it goes', async () => {
    const events = eventsOf('side-by-side')
    const { text } = await shownSoFar(
      events,
      (event) => event.is === 'step.ended' && event.case === '1' && event.step === 'steps/1',
    )
    expect(text).toContain('workers are admitted')
    expect(text).not.toContain('quite a long name')
  })
})

describe('quiet', () => {
  test('a run that passed is told of in its totals alone', async () => {
    expect(await reportOf('pretty', eventsOf('node-down'), { quiet: true })).toBe(
      '1 passed in 7.3s\nresults in shakedown-results/20251123-101500-a1b2\n',
    )
  })

  test('failures are explained, and skips keep their class and reason', async () => {
    const failing = await reportOf('pretty', eventsOf('failing-wait'), { quiet: true })
    expect(failing).toContain('✗ workers are sent away')
    expect(failing).toContain('^^^^')
    expect(failing).not.toContain('wait for gateway healthy')
    expect(await reportOf('pretty', eventsOf('skipped'), { quiet: true })).toContain(
      'skipped: unavailable: `partition` needs',
    )
  })
})

test('verbose adds readings, how a wait was ended, and notes of the stack', async () => {
  const text = await reportOf('pretty', eventsOf('node-down'), { verbose: true })
  expect(text).toContain('noticed: gateway logged a line')
  expect(text).toContain('200, {"node":"up","workers":{"admitted":3,"refused":0}}')
  expect(text).toContain('starting gateway')
  expect(await reportOf('pretty', eventsOf('node-down'))).not.toContain('starting gateway')
})

test('skips and what was not run are shown with class and reason, each', async () => {
  const skipped = await reportOf('pretty', eventsOf('skipped'))
  expect(skipped).toContain('○ Node down skipped: by-design: this plan is for the targets demo and demo-docker')
  expect(await reportOf('pretty', eventsOf('side-by-side'))).toContain(
    '- Node down [pool=third] not run: --bail: 1 failed',
  )
  expect(await reportOf('pretty', eventsOf('for-each'))).toContain('not run: its `if` is false')
})

test('what was put back is shown, and what was not is the last thing said, with what to type', async () => {
  expect(await reportOf('pretty', eventsOf('node-down'))).toMatch(/↺ restored: node is running +318ms/)
  expect(await reportOf('pretty', eventsOf('drifted'))).toEndWith(
    'something was not put back; type:\n  bun run plan restore plans\n',
  )
})

test('the caret stands under the exact key, also behind wide characters and in a line that is cut', async () => {
  for (const columns of [80, 50]) {
    const lines = screenOf(await reportOf('pretty', eventsOf('failing-wait'), { columns, color: 0 }))
    const carets = lines.filter((line) => /^\s+\| +\^+$/.test(line))
    expect(carets).toHaveLength(2)
    for (const [index, key] of ['$.workers.admitted', 'lte'].entries()) {
      const caret = carets[index] ?? ''
      const above = lines[lines.indexOf(caret) - 1] ?? ''
      expect(above.slice(caret.indexOf('^')).startsWith(key)).toBe(true)
    }
  }
})

/** What was written when an event had been told of. */
async function shownSoFar(
  events: readonly RunEvent[],
  until: (event: RunEvent) => boolean,
  asked: Asked = { columns: 80 },
) {
  const written: string[] = []
  const { columns, color = 1 } = asked
  const reporter = await pretty.open(
    { write: (text) => void written.push(text), columns, color },
    { quiet: false, verbose: false, options: [] },
  )
  const last = events.findIndex(until)
  for (const event of events.slice(0, last + 1)) reporter.event(event)
  return { written, text: written.join('') }
}

/** The lines that stay on a terminal. */
function screenOf(text: string): string[] {
  const plain = text.replaceAll('\r\u001b[2K', '\u0000')
  return stripVTControlCharacters(plain)
    .split('\n')
    .map((line) => line.split(/[\u0000\r]/).at(-1) ?? '')
}
