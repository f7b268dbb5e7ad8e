import { describe, expect } from 'bun:test'
import { until } from '../../transport/conformance/run.ts'
import { container, engine, never, opened, served, useContainers } from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()

const checked = (test: readonly string[], more: object = {}) => ({
  Healthcheck: { Test: test, Interval: 3600e9, StartPeriod: 0, Retries: 1, ...more },
})
const nanos = (ms: number) => ms * 1e6

describe('health', () => {
  test('is the daemon’s word, and none without a check', async () => {
    const plain = await served()
    expect(await plain.web.state({ health: true })).toMatchObject({ state: 'running', health: 'none' })
    const { web } = await served({ body: checked(['CMD', 'test', '-e', '/tmp/up'], { Interval: nanos(100) }) })
    await until(async () => (await web.state()).health === 'unhealthy', 'the daemon says so')
    await web.exec({ argv: ['touch', '/tmp/up'] }, {}, never)
    await until(async () => (await web.state()).health === 'healthy', 'the daemon says so')
  })
  test.each([
    ['CMD', ['CMD', 'test', '-e', '/tmp/up']],
    ['CMD-SHELL', ['CMD-SHELL', 'test -e /tmp/up || exit 1']],
  ])('is sampled by its own check where asked for, whatever the daemon last said: %s', async (_, check) => {
    const name = await container({ body: checked(check) })
    const sampled = (await opened({ web: { container: name, 'sample-health': true } })).service('web')
    const byDefault = (
      await opened({ web: { container: name } }, { config: { defaults: { 'sample-health': true } } })
    ).service('web')
    const told = (await opened({ web: { container: name } })).service('web')
    expect((await sampled.state({ health: true })).health).toBe('starting')
    await sampled.exec({ argv: ['touch', '/tmp/up'] }, {}, never)
    expect((await sampled.state({ health: true })).health).toBe('healthy')
    expect((await byDefault.state({ health: true })).health).toBe('healthy')
    expect((await told.state({ health: true })).health).toBe('starting')
    expect((await sampled.state()).health).toBe('starting')
  })
  test('a check that hangs is unhealthy after its own time limit', async () => {
    const name = await container({ body: checked(['CMD', 'sleep', '60'], { Timeout: nanos(300) }) })
    const web = (await opened({ web: { container: name, 'sample-health': true } })).service('web')
    const start = performance.now()
    expect((await web.state({ health: true })).health).not.toBe('healthy')
    expect(performance.now() - start).toBeLessThan(3_000)
  })
  test('what is paused answers nobody, and what has exited is not healthy', async () => {
    const { web, name } = await served({ body: checked(['CMD', 'true'], { Interval: nanos(100) }) })
    await until(async () => (await web.state()).health === 'healthy', 'it is healthy')
    const daemon = await engine()
    await daemon.bytes('POST', `/containers/${name}/pause`)
    expect(await web.state({ health: true })).toMatchObject({ state: 'paused', health: 'unhealthy' })
    await daemon.bytes('POST', `/containers/${name}/unpause`)
    await daemon.bytes('POST', `/containers/${name}/kill`)
    expect(await web.state({ health: true })).toMatchObject({ state: 'exited', health: 'unhealthy', exit: 137 })
    await daemon.bytes('DELETE', `/containers/${name}`)
    expect(await web.state({ health: true })).toMatchObject({ state: 'removed', health: 'none' })
  })
  test('the reading of a check that is disabled is none', async () => {
    const { web } = await served({ body: checked(['NONE']) })
    expect((await web.state({ health: true })).health).toBe('none')
  })
})

describe('what else is read of a container', () => {
  test('image, user, mounts, memory, pid, and the whole inspection', async () => {
    const { web, name } = await served({
      body: { User: '1000:33' },
      host: { Tmpfs: { '/t': '' }, Memory: 64 * 2 ** 20 },
    })
    const state = await web.state({ health: true })
    expect(state).toMatchObject({ image: 'debian:bookworm-slim', user: '1000:33', restarts: 0 })
    expect(state.memory).toBeGreaterThan(100_000)
    expect(state.memory).toBeLessThan(64 * 2 ** 20)
    expect(state.json).toMatchObject({ Name: `/${name}`, HostConfig: { Memory: 64 * 2 ** 20 } })
    expect(web.names()).toMatchObject({
      address: expect.stringMatching(/^\d+\./),
      directory: '/',
      pid: expect.any(Number),
    })
  })
  test('a restart is another start, and restarts of the daemon’s own are counted', async () => {
    const { web, name } = await served({
      command: ['sh', '-c', 'sleep 0.3; exit 3'],
      host: { RestartPolicy: { Name: 'always' } },
    })
    const first = (await web.state()).startedAt
    await until(async () => (await web.state()).restarts > 0, 'it was restarted')
    await until(async () => ![first, ''].includes((await web.state()).startedAt), 'it is another start')
    await (await engine()).bytes('DELETE', `/containers/${name}?force=1`)
  })
  test('events wake who watches: exits, pauses, starts, and one that takes its place', async () => {
    const { web, name } = await served()
    const woken: string[] = []
    await using _watching = await web.watch((because) => woken.push(because))
    const daemon = await engine()
    for (const verb of ['pause', 'unpause', 'kill', 'start']) await daemon.bytes('POST', `/containers/${name}/${verb}`)
    await until(() => woken.includes('web: start'), 'all of it was told')
    expect(woken).toEqual(expect.arrayContaining(['web: pause', 'web: unpause', 'web: die', 'web: start']))
    await daemon.bytes('DELETE', `/containers/${name}?force=1`)
    woken.length = 0
    await container({ name })
    await until(() => woken.includes('web: start'), 'the other one was told')
    expect((await web.state()).state).toBe('running')
  })
})
