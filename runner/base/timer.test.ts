import { describe, expect, spyOn, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, pause } from './timer.ts'

const DAY = 86_400_000

/** Steps through the delays that were asked for, as if their time had passed. */
function stepped(ms: number): { delays: number[]; fired: number } {
  const seen: { delays: number[]; fired: number } = { delays: [], fired: 0 }
  let now = 0
  const clock = spyOn(performance, 'now').mockImplementation(() => now)
  const timers = spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, delay: number) => {
    seen.delays.push(delay)
    now += delay
    if (seen.delays.length < 5) act()
    return 0
  }) as never)
  try {
    after(ms, () => seen.fired++)
  } finally {
    clock.mockRestore()
    timers.mockRestore()
  }
  return seen
}

describe('after', () => {
  test('takes a time beyond 32 bits in several delays that add up to it', () => {
    const { delays, fired } = stepped(60 * DAY)
    expect(fired).toBe(1)
    expect(delays.every((delay) => delay <= 2_147_483_647)).toBe(true)
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBe(60 * DAY)
  })
  test('takes a short time in one delay', () => {
    expect(stepped(30)).toEqual({ delays: [30], fired: 1 })
  })
  test('never fires for an endless time', () => {
    expect(stepped(Number.POSITIVE_INFINITY).fired).toBe(0)
  })
  test('throws for what is not a number', () => {
    expect(() => after(Number.NaN, () => undefined)).toThrow('a timer needs a number of milliseconds')
  })
  test('does not fire once it is stopped', async () => {
    let fired = false
    after(1, () => {
      fired = true
    }).stop()
    await pause(5)
    expect(fired).toBe(false)
  })
})

describe('pause', () => {
  test('ends with a signal', async () => {
    const stop = new AbortController()
    const paused = pause(60 * DAY, stop.signal)
    stop.abort()
    await paused
    await pause(60 * DAY, stop.signal)
    expect(stop.signal.aborted).toBe(true)
  })
})

/** A plan can make a delay as long as it likes; only `after` and `pause` hold more than 32 bits. */
test('no production code gives a 32-bit timer a delay that is not a constant', async () => {
  const { default: ts } = await import('typescript')
  const root = join(import.meta.dir, '..', '..')
  const bad: string[] = []
  for (const folder of ['runner', 'steps'])
    for await (const file of new Bun.Glob('**/*.ts').scan(join(root, folder))) {
      if (/test|fake-/.test(file) || file === 'base/timer.ts') continue
      const text = readFileSync(join(root, folder, file), 'utf8')
      if (!/setTimeout|AbortSignal\.timeout|timers\/promises/.test(text)) continue
      const visit = (node: import('typescript').Node): void => {
        if (ts.isCallExpression(node) && isTimer(node.expression.getText()) && !isConstant(delayOf(node)))
          bad.push(`${folder}/${file}: ${node.getText().slice(0, 60)}`)
        node.forEachChild(visit)
      }
      visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
    }
  expect(bad).toEqual([])
})

function isTimer(name: string): boolean {
  return name === 'setTimeout' || name === 'AbortSignal.timeout'
}

function delayOf(call: import('typescript').CallExpression): string {
  return call.arguments[call.expression.getText() === 'setTimeout' ? 1 : 0]?.getText() ?? ''
}

function isConstant(delay: string): boolean {
  return /^[A-Z][A-Z_]*$|^[\d_]+$/.test(delay)
}
