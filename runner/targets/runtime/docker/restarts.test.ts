import { describe, expect } from 'bun:test'
import { until } from '../../transport/conformance/run.ts'
import { container, engine, made, never, opened, SLEEPS, useContainers } from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()

/** Ends on request, and the daemon starts it again. */
const FALLS = ['sh', '-c', 'mkfifo /fall 2>/dev/null; read -r _ </fall; exit 1']

describe('restarts that the daemon makes', () => {
  test('are counted from the moment that the target is opened, over all replicas and starts by hand', async () => {
    const labels = { app: `falls-${process.pid}` }
    const policy = { host: { RestartPolicy: { Name: 'always' } }, labels }
    const names = [await container({ command: FALLS, ...policy }), await container({ command: FALLS, ...policy })]
    const daemon = await engine()
    const counts = async () => {
      const all = names.map((name) => daemon.json<{ RestartCount: number }>('GET', `/containers/${name}/json`))
      return (await Promise.all(all)).map(({ RestartCount }) => RestartCount)
    }
    const earlier = (await opened({ web: { label: `app=${labels.app}` } })).service('web')
    const fall = async (replica: number) => {
      const [before] = [(await counts())[replica] ?? 0]
      const one = (await opened({ web: { container: names[replica] } })).service('web')
      await until(async () => {
        const { code } = await one
          .exec({ argv: ['sh', '-c', 'test -p /fall && echo >/fall'] }, { timeout: 1_000 }, never)
          .catch(() => ({ code: 1 }))
        return code === 0 || ((await counts())[replica] ?? 0) > before
      }, 'it is told to end')
      await until(async () => ((await counts())[replica] ?? 0) > before, 'it was started again', 20_000)
    }
    await fall(0)
    expect((await earlier.state()).restarts).toBe(1)
    const web = (await opened({ web: { label: `app=${labels.app}` } })).service('web')
    expect((await web.state()).restarts).toBe(0)
    await fall(1)
    expect((await web.state()).restarts).toBe(1)
    await daemon.bytes('POST', `/containers/${names[1]}/restart?t=0`)
    expect((await counts())[1]).toBe(0)
    expect((await web.state()).restarts).toBe(1)
    await fall(0)
    expect([(await web.state()).restarts, (await earlier.state()).restarts]).toEqual([2, 3])
  })
})

describe('until it is ready', () => {
  test('a container is waited for that was restarted', async () => {
    const Healthcheck = { Test: ['CMD-SHELL', 'test -e /run/up'], Interval: 200e6, Retries: 1, Timeout: 2e9 }
    const command = ['sh', '-c', 'rm -f /run/up; sleep 1; touch /run/up; exec sleep 1000']
    const name = await container({ command, body: { Healthcheck } })
    const web = (await opened({ web: { container: name } })).service('web')
    await web.untilReady?.(never)
    await made(web, (verbs) => verbs.restart())
    await web.untilReady?.(never)
    expect((await web.exec({ sh: 'test -e /run/up' }, {}, never)).code).toBe(0)
    expect((await web.state({ health: true })).health).toBe('healthy')
  })
  test('it says what its own `ready` waits for', async () => {
    let asked = 0
    const ready = async () => ({ holds: ++asked > 3, says: 'not yet' })
    const web = (
      await opened({ web: { container: await container({ command: SLEEPS }), ready: {} } }, { host: { ready } })
    ).service('web')
    await web.untilReady?.(never)
    expect(asked).toBeGreaterThan(3)
  })
})
