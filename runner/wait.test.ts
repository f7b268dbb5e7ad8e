import { describe, expect, test } from 'bun:test'
import { fakeContext, fakeProbe, json } from './condition/fake-probe.ts'
import { makeCondition } from './condition.ts'
import { type CheckFailure, isError } from './contracts/errors.ts'
import type { ProbeKind, Taken } from './contracts/probe.ts'
import type { Service, ServiceState } from './contracts/target.ts'
import type { Wake } from './contracts/transport.ts'
import { holdFor, type WaitOptions, waitFor } from './wait.ts'

const place = { file: 'plan.yaml', path: ['steps', 0, 'wait-for'] }
const up = json({ node: 'up' })
const down = json({ node: 'down' })
const untaken: Taken = { untaken: 'refused by gateway' }

/** A condition that is true when the node is down, over readings that come one after another. */
function nodeDown(readings: readonly Taken[], more: Partial<ProbeKind> = {}, expect: object = { '$.node': 'down' }) {
  return makeCondition({ fake: 'gateway', expect }, place, { probes: fakeProbe({ gateway: readings }, more) })
}

const options = (more: Partial<WaitOptions> = {}): WaitOptions => ({
  context: fakeContext(),
  within: 1_000,
  every: 5,
  signal: new AbortController().signal,
  ...more,
})

async function failureOf(work: Promise<unknown>): Promise<CheckFailure> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isError(error, 'check')) throw error ?? new Error('it passed')
  return error
}

describe('waiting', () => {
  test('passes at the first look when it is so already', async () => {
    const { noticed, reading, elapsed } = await waitFor(nodeDown([down]), options())
    expect(noticed).toBe('at the first look')
    expect(reading.says).toBe('200 {"node":"down"}')
    expect(elapsed).toBeLessThan(500)
  })

  test('passes once it becomes so, and tells how the value changed', async () => {
    const { noticed, history } = await waitFor(nodeDown([untaken, up, up, up, down]), options())
    expect(noticed).toBe('by polling, 5 readings')
    expect(history.map(({ says, times }) => [says, times])).toEqual([
      ['refused by gateway', 1],
      ['$.node is "up"', 3],
      ['as expected: 200 {"node":"down"}', 1],
    ])
  })

  test('fails in words when the time is over', async () => {
    const { message, details } = await failureOf(waitFor(nodeDown([untaken, up]), options({ within: 60 })))
    expect(message).toBe('not within 60ms: $.node is "up", expected "down"')
    expect(details.misses).toMatchObject([
      { path: '$.node', place: { path: ['steps', 0, 'wait-for', 'expect', '$.node'] } },
    ])
    expect(details.last).toBe('200 {"node":"up"}')
    expect(details.history?.map(({ says }) => says)).toEqual(['refused by gateway', '$.node is "up"'])
  })

  test('fails with why it could not be read, when it never could', async () => {
    const { message, details } = await failureOf(waitFor(nodeDown([untaken]), options({ within: 30 })))
    expect(message).toBe('not within 30ms: refused by gateway')
    expect(details.place).toEqual(place)
  })

  test('reads once when there is no time to wait, and that reading has its own time', async () => {
    let timeout = 0
    const read: ProbeKind['read'] = async (_, context) => {
      timeout = context.timeout
      return up
    }
    const { message } = await failureOf(waitFor(nodeDown([], { read }), options({ within: 0 })))
    expect(message).toBe('$.node is "up", expected "down"')
    expect(timeout).toBe(5_000)
  })

  test('shows what it waits for', async () => {
    const shown: [string, number][] = []
    await waitFor(
      nodeDown([up, down]),
      options({ progress: (says, _elapsed, within) => void shown.push([says, within]) }),
    )
    expect(shown[0]).toEqual(['$.node is "up", expected "down"', 1_000])
  })

  test('polls less and less often, but no slower than `every` says', async () => {
    const times: number[] = []
    const read: ProbeKind['read'] = async () => {
      times.push(performance.now())
      return up
    }
    await failureOf(waitFor(nodeDown([], { read }), options({ within: 650, every: undefined })))
    const gaps = times.slice(1, -1).map((time, index) => time - (times[index] ?? 0))
    expect(gaps.length).toBeGreaterThanOrEqual(3)
    expect(gaps[2]).toBeGreaterThan((gaps[0] ?? 0) * 1.2)
  })

  test('keeps a bounded history that has the first and the latest', async () => {
    let count = 0
    const read: ProbeKind['read'] = async () => json({ node: count++ })
    const { details } = await failureOf(waitFor(nodeDown([], { read }), options({ within: 300, every: 1 })))
    expect(count).toBeGreaterThan(60)
    expect(details.history?.length).toBe(50)
    expect(details.history?.[0]?.says).toBe('$.node is 0')
    expect(details.history?.at(-1)?.says).toBe(`$.node is ${count - 1}`)
  })

  test('a reading takes no longer than the rest of the wait, whatever the probe does', async () => {
    const limits: (number | undefined)[] = []
    const read: ProbeKind['read'] = (_, context) => {
      limits.push(context.timeout, context.rest)
      return new Promise(() => undefined)
    }
    const start = performance.now()
    const { message } = await failureOf(waitFor(nodeDown([], { read }), options({ within: 80 })))
    expect(performance.now() - start).toBeLessThan(1_000)
    expect(message).toMatch(/^not within 80ms: no reading within \d+ms$/)
    expect(Math.max(...limits.map(Number))).toBeLessThanOrEqual(80)
  })

  test('a last reading that was cut short does not hide what was read before', async () => {
    const read: ProbeKind['read'] = async (_, { timeout }) => {
      if (timeout > 60) return up
      await Bun.sleep(timeout)
      return { untaken: `no answer within ${timeout}ms` }
    }
    const { message } = await failureOf(waitFor(nodeDown([], { read }), options({ within: 120 })))
    expect(message).toContain('$.node is "up"')
  })

  test('ends at once when it is told to stop', async () => {
    const stop = new AbortController()
    const waiting = waitFor(nodeDown([up]), options({ within: 60_000, every: 50_000, signal: stop.signal }))
    setTimeout(() => stop.abort(new Error('interrupted')), 10)
    expect(waiting).rejects.toThrow('interrupted')
    await waiting.catch(() => undefined)
  })

  test('`fail-if` gives up early', async () => {
    const failIf = makeCondition({ fake: 'log', status: 500 }, place, {
      probes: fakeProbe({
        log: [
          { fields: {}, says: '' },
          { fields: { status: 500 }, says: '500' },
        ],
      }),
    })
    const { message } = await failureOf(waitFor(nodeDown([up]), options({ within: 60_000, failIf })))
    expect(message).toMatch(/^given up after \d+ms, since `fail-if` holds \(log: status 500\): \$\.node is "up"/)
  })
})

describe('`hold` in a wait', () => {
  test('starts when the condition becomes true, on top of `within`', async () => {
    const { elapsed } = await waitFor(nodeDown([up, down]), options({ within: 40, hold: 120 }))
    expect(elapsed).toBeGreaterThanOrEqual(120)
  })

  test('starts anew after a break before the deadline', async () => {
    const { history } = await waitFor(nodeDown([down, up, down]), options({ within: 500, hold: 40 }))
    expect(history.map(({ says }) => says.slice(0, 11))).toEqual(['as expected', '$.node is "', 'as expected'])
  })

  test('fails at a break after the deadline', async () => {
    let broken = false
    setTimeout(() => {
      broken = true
    }, 80)
    const read: ProbeKind['read'] = async () => (broken ? up : down)
    const { message } = await failureOf(waitFor(nodeDown([], { read }), options({ within: 20, hold: 5_000 })))
    expect(message).toMatch(/^became true after \d+ms, but broke \d+ms later: \$\.node is "up", expected "down"$/)
  })
})

describe('holding', () => {
  test('passes when it stays so for the time', async () => {
    const { elapsed } = await holdFor(nodeDown([down]), { ...options(), for: 60 })
    expect(elapsed).toBeGreaterThanOrEqual(60)
  })

  test('fails at once when it breaks', async () => {
    const { message } = await failureOf(holdFor(nodeDown([down, down, up]), { ...options(), for: 60_000 }))
    expect(message).toMatch(/^did not stay so for 1m, broke after \d+ms: \$\.node is "up", expected "down"$/)
  })

  test('what can not be read is a break', async () => {
    const { message } = await failureOf(holdFor(nodeDown([down, untaken]), { ...options(), for: 60_000 }))
    expect(message).toContain('refused by gateway')
  })
})

describe('hints', () => {
  test('a change that happens while it subscribes is not lost', async () => {
    let value = up
    const watch: ProbeKind['watch'] = async () => {
      value = down
      return undefined
    }
    const { noticed } = await waitFor(nodeDown([], { read: async () => value, watch }), options())
    expect(noticed).toBe('at the first look')
  })

  test('a hint is noticed at once, and by its name', async () => {
    let value = up
    let changed = 0
    const watch: ProbeKind['watch'] = async (_params, _context, wake) => {
      setTimeout(() => {
        value = down
        changed = performance.now()
        wake('node exited')
      }, 30)
      return undefined
    }
    const waited = await waitFor(
      nodeDown([], { read: async () => value, watch }),
      options({ every: 30_000, within: 60_000 }),
    )
    expect(waited.noticed).toBe('node exited')
    expect(performance.now() - changed).toBeLessThan(50)
  })

  test('a hint in the middle of a reading makes it read again', async () => {
    let wake: Wake = () => undefined
    let readings = 0
    const read: ProbeKind['read'] = async () => {
      if (readings++ > 0) return down
      wake('changed in the meantime')
      return up
    }
    const watch: ProbeKind['watch'] = async (_params, _context, given) => {
      wake = given
      return undefined
    }
    const { noticed } = await waitFor(nodeDown([], { read, watch }), options({ every: 30_000, within: 60_000 }))
    expect(noticed).toBe('changed in the meantime')
  })

  test('a hint that is no change is only a hint', async () => {
    const watch: ProbeKind['watch'] = async (_params, _context, wake) => {
      wake('something')
      return undefined
    }
    const { message } = await failureOf(waitFor(nodeDown([up], { watch }), options({ within: 40 })))
    expect(message).toContain('$.node is "up"')
  })

  test('what was subscribed is let go, also after a failure', async () => {
    let open = 0
    const watch: ProbeKind['watch'] = async () => {
      open++
      return { [Symbol.asyncDispose]: async () => void open-- }
    }
    await waitFor(nodeDown([down], { watch }), options())
    await failureOf(waitFor(nodeDown([up], { watch }), options({ within: 20 })))
    expect(open).toBe(0)
  })

  test('a probe that can not be watched is polled', async () => {
    const watch: ProbeKind['watch'] = async () => {
      throw new Error('no inotify here')
    }
    expect((await waitFor(nodeDown([up, down], { watch }), options())).noticed).toBe('by polling, 2 readings')
  })
})

describe('a service that exits while it is waited for', () => {
  const services = () => ['gateway']

  test('ends the wait at once, with its last words', async () => {
    const gateway = fakeService({ state: 'running' })
    setTimeout(() => gateway.becomes({ state: 'exited', exit: 3 }), 20)
    const context = contextWith(gateway)
    const { message, details } = await failureOf(
      waitFor(nodeDown([untaken], { services }), options({ context, within: 60_000, every: 30_000 })),
    )
    expect(message).toBe('gateway exited with 3 while it was waited for: refused by gateway')
    expect(details.logs).toEqual([{ service: 'gateway', lines: ['port in use', 'bye'] }])
  })

  test('not when its last act made the condition true', async () => {
    const gateway = fakeService({ state: 'running' })
    const readings = [up, up, down]
    const read: ProbeKind['read'] = async () => {
      if (readings.length === 2) gateway.becomes({ state: 'exited' })
      return readings.shift() ?? down
    }
    const context = contextWith(gateway)
    expect((await waitFor(nodeDown([], { services, read }), options({ context }))).reading).toEqual({
      ...(down as object),
      probe: 'fake',
    } as never)
  })

  test('not when the condition names its `state`, or whether it answers', async () => {
    for (const expect of [{ state: 'exited' }, { reachable: false }]) {
      const gateway = fakeService({ state: 'running' })
      setTimeout(() => gateway.becomes({ state: 'exited' }), 10)
      const running: Taken = { fields: { state: 'running', reachable: true }, says: 'it runs' }
      const readings = Array.from({ length: 8 }, () => running)
      readings.push({ fields: { state: 'exited', reachable: false }, says: 'it is gone' })
      const context = contextWith(gateway)
      await waitFor(nodeDown(readings, { services }, expect as object), options({ context }))
    }
  })

  test('not when another part of the condition names its `state`', async () => {
    const gateway = fakeService({ state: 'exited' })
    const probes = fakeProbe({ gateway: [up, up, down] }, { services })
    const both = makeCondition(
      {
        any: [
          { fake: 'gateway', expect: { '$.node': 'down' } },
          { fake: 'gateway', expect: { '$.node': 'gone' } },
        ],
      },
      place,
      { probes },
    )
    await waitFor(both, options({ context: contextWith(gateway) }))
  })

  test('not when it was not running when the wait began: its start wakes the wait', async () => {
    const gateway = fakeService({ state: 'exited' })
    let value: Taken = untaken
    setTimeout(() => {
      value = down
      gateway.becomes({ state: 'running' })
    }, 20)
    const context = contextWith(gateway)
    const waiting = waitFor(
      nodeDown([], { services, read: async () => value }),
      options({ context, every: 30_000, within: 60_000 }),
    )
    expect((await waiting).noticed).toBe('gateway is running')
  })
})

function fakeService(first: Partial<ServiceState>) {
  let state = first
  const wakes = new Set<Wake>()
  return {
    name: 'gateway',
    state: async () => state,
    logs: async ({ last = 10 }: { last?: number }) => ['starting', 'port in use', 'bye'].slice(-Math.min(last, 2)),
    watch: async (wake: Wake) => {
      wakes.add(wake)
      return { [Symbol.asyncDispose]: async () => void wakes.delete(wake) }
    },
    becomes: (next: Partial<ServiceState>) => {
      state = next
      for (const wake of wakes) wake(`gateway is ${next.state}`)
    },
  }
}

function contextWith(service: ReturnType<typeof fakeService>) {
  const target = { services: () => ['gateway'], service: () => service as unknown as Service }
  return fakeContext({ target: target as never })
}
