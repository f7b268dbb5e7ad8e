import { expect, test } from 'bun:test'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
import type { LogMark, Service, ServiceState } from '../../runner/contracts/target.ts'
import type { Wake } from '../../runner/contracts/transport.ts'
import { fakeContext, fakeTarget } from './fake-target.ts'
import { logs } from './logs.ts'
import { service } from './service.ts'

const state = (more: Partial<ServiceState>): Partial<Service> => ({
  state: async () => ({ state: 'running', health: 'none', restarts: 0, startedAt: '7', json: { pid: 7 }, ...more }),
})
const lines = ['starting', 'listening on 80', 'panic: no']
const logged = (from: readonly string[]): Partial<Service> => ({
  logs: async ({ since = 0 } = {}) => from.slice(since),
  logMark: async () => from.length as LogMark,
  watchLogs: async (wake: Wake) => {
    wake('chatty logged a line')
    return { [Symbol.asyncDispose]: async () => undefined }
  },
})
const target = fakeTarget('/', {
  well: state({ health: 'healthy' }),
  ill: state({ health: 'unhealthy' }),
  plain: state({}),
  frozen: state({ state: 'paused', health: 'unhealthy' }),
  gone: state({ state: 'exited', exit: 3 }),
  chatty: logged(lines),
  silent: logged([]),
  unreadable: { logs: () => Promise.reject(new Error('the log is gone')) },
})
const { probes } = kindsOf({ probes: [service, logs] })
const context = fakeContext(target)
const verdict = (plain: object) => makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check(context)

const cases: readonly [plain: object, is: string][] = [
  [{ service: 'well', state: 'healthy' }, 'holds'],
  [{ service: 'well', state: 'running' }, 'holds'],
  [{ service: 'ill', state: 'healthy' }, 'fails'],
  [{ service: 'ill', state: 'running' }, 'holds'],
  [{ service: 'plain', state: 'healthy' }, 'fails'],
  [{ service: 'plain' }, 'holds'],
  [{ service: 'frozen', state: 'healthy' }, 'fails'],
  [{ service: 'frozen', state: 'paused', health: 'unhealthy' }, 'holds'],
  [{ service: 'gone', state: 'exited', exit: 3 }, 'holds'],
  [{ service: 'well', exit: { absent: true } }, 'holds'],
  [{ service: 'well', expect: { '$.pid': 7, 'started-at': 7 } }, 'holds'],
  [{ service: ['well', 'plain'], state: 'running' }, 'holds'],
  [{ logs: 'chatty', lines: { any: { matches: 'listening' } } }, 'holds'],
  [{ logs: 'chatty', lines: { none: { matches: 'panic' } } }, 'fails'],
  [{ logs: 'chatty', count: 3 }, 'holds'],
  [{ logs: { service: 'chatty', since: 'step' }, count: 1 }, 'holds'],
  [{ logs: 'silent', lines: { none: { matches: 'panic' } } }, 'holds'],
  [{ logs: 'silent', lines: { any: { matches: 'x' } } }, 'fails'],
  [{ logs: 'unreadable', lines: { none: { matches: 'panic' } } }, 'untaken'],
]
for (const [plain, is] of cases)
  test(`${JSON.stringify(plain)} ${is}`, async () => {
    const since = { logsSince: (_: string, from: 'case' | 'step') => (from === 'case' ? 0 : 2) }
    const condition = makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes })
    expect((await condition.check({ ...context, ...since })).is).toBe(is as never)
  })

test('of several services, those that fall short are named', async () => {
  expect(await verdict({ service: ['well', 'ill', 'gone'], state: 'healthy' })).toMatchObject({
    misses: [
      { path: 'ill state', actual: '"running" and "unhealthy"' },
      { path: 'gone state', actual: '"exited"' },
    ],
  })
})

test('a log line wakes who waits for it', async () => {
  const woken: string[] = []
  await logs.watch?.('chatty' as never, context, (because) => void woken.push(because))
  expect(woken).toEqual(['chatty logged a line'])
})
