import { describe, expect } from 'bun:test'
import type { Command } from '../../../contracts/command.ts'
import type { Service, Verbs } from '../../../contracts/target.ts'
import type { ExecOptions } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { AWAY, DRIFTED } from '../../../contracts/undo.ts'
import { until } from '../../transport/conformance/run.ts'
import { dockerRuntime } from '../docker.ts'
import { testHost } from '../process/test-host.ts'
import { helperImage } from './network/image.ts'
import {
  base,
  container,
  engine,
  made,
  never,
  opened,
  refusal,
  scripts,
  served,
  stateOf,
  transport,
  useContainers,
  withDockerAlone,
  withoutAnyOf,
  withoutCurl,
} from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()

describe.each([['curl'], ['perl']])('what is done to a container is undone by its script alone, by %s', (by) => {
  const env = () => (by === 'perl' ? { PATH: withoutCurl() } : {})
  /** Undone thrice: once for real, and then there is nothing left to do. */
  const undone = async (
    of: Service,
    { undo, verify }: Pick<Awaited<ReturnType<typeof made>>, 'undo' | 'verify'>,
    state = 'running',
  ) => {
    expect((await verify()).code).toBe(1)
    expect(await undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect(await stateOf(of)).toBe(state as never)
    const { startedAt } = await of.state()
    for (let round = 0; round < 2; round++) expect(await undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect((await of.state()).startedAt).toBe(startedAt)
    expect(await verify()).toMatchObject({ code: 0, err: '' })
  }

  test('stop', async () => {
    const { web } = await served()
    const fault = await made(web, (verbs) => verbs.stop(), env())
    expect([fault.change.does, fault.evidence, fault.change.undo?.title]).toEqual([
      'stops web',
      'web exited with 0',
      'web is running',
    ])
    await undone(web, fault)
  })
  test('kill', async () => {
    const { web } = await served()
    const fault = await made(web, (verbs) => verbs.kill('SIGKILL'), env())
    expect([fault.change.does, fault.evidence]).toEqual(['sends SIGKILL to web', 'web exited with 137'])
    await undone(web, fault)
  })
  test('pause', async () => {
    const { web } = await served()
    const fault = await made(web, (verbs) => verbs.pause(), env())
    expect(fault.evidence).toBe('web is paused')
    await undone(web, fault)
  })
  test('start: what was stopped is stopped again', async () => {
    const { web, name } = await served()
    await (await engine()).bytes('POST', `/containers/${name}/kill`)
    await undone(web, await made(web, (verbs) => verbs.start(), env()), 'exited')
  })
  test.each([
    ['CpuQuota', {}],
    ['NanoCpus', { NanoCpus: 1.5e9 }],
    ['a quota of its own', { CpuQuota: 150_000, CpuPeriod: 100_000 }],
  ])('less of the processor: %s', async (_, host) => {
    const { web } = await served({ host })
    const limits = async () => {
      const { HostConfig } = (await web.state()).json as { HostConfig: { NanoCpus: number; CpuQuota: number } }
      return [HostConfig.NanoCpus, HostConfig.CpuQuota]
    }
    const kernel = async () => {
      const script = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d" " -f1 /sys/fs/cgroup/cpu.max'
      const { stdout } = await web.exec({ sh: script }, {}, never)
      return Buffer.from(stdout).toString().trim().replace('max', '-1')
    }
    const before = [await limits(), await kernel()]
    const fault = await made(web, (verbs) => verbs.cpu(0.2), env())
    expect(fault.evidence).toBe('web has 0.2 of a core')
    expect(await kernel()).toBe('20000')
    await undone(web, fault)
    const [nano, quota] = await limits()
    expect([[nano, quota === -1 ? 0 : quota], await kernel()]).toEqual(before as never)
  })
  test('off its networks: on them again, with aliases and address', async () => {
    const { makeNetwork } = await import('./test-containers.ts')
    const net = await makeNetwork('fixed', { IPAM: { Config: [{ Subnet: '10.213.77.0/24' }] } })
    const name = await container({
      host: { NetworkMode: net },
      body: {
        NetworkingConfig: {
          EndpointsConfig: { [net]: { Aliases: ['db', 'main'], IPAMConfig: { IPv4Address: '10.213.77.5' } } },
        },
      },
    })
    const web = (await opened({ web: { container: name } })).service('web')
    const fault = await made(web, (verbs) => verbs.disconnect(), env())
    expect(fault.evidence).toBe(`web is off ${net}`)
    await undone(web, fault)
    expect((await web.state()).json).toMatchObject({
      NetworkSettings: {
        Networks: { [net]: { IPAddress: '10.213.77.5', Aliases: expect.arrayContaining(['db', 'main']) } },
      },
    })
    await (await engine()).bytes('DELETE', `/containers/${name}?force=1`)
    await (await engine()).bytes('DELETE', `/networks/${net}`)
  })
  test('a container that was removed meanwhile counts as undone, and that is said', async () => {
    for (const make of [
      (verbs: Verbs) => verbs.stop(),
      (verbs: Verbs) => verbs.pause(),
      (verbs: Verbs) => verbs.disconnect(),
      (verbs: Verbs) => verbs.cpu(0.5),
    ]) {
      const { web, name } = await served()
      const { undo, verify } = await made(web, make, env())
      await (await engine()).bytes('DELETE', `/containers/${name}?force=1`)
      expect(await undo()).toMatchObject({
        code: 0,
        out: `note: ${name} was removed by somebody else meanwhile\n`,
        err: '',
      })
      expect(await verify()).toMatchObject({ code: 0, out: '', err: '' })
    }
  })
  test('another container of that name is left alone', async () => {
    const { web, name } = await served()
    const { undo } = await made(web, (verbs) => verbs.stop(), env())
    const daemon = await engine()
    await daemon.bytes('DELETE', `/containers/${name}?force=1`)
    await container({ name, start: false })
    for (let round = 0; round < 3; round++)
      expect(await undo()).toMatchObject({
        code: DRIFTED,
        err: `${name} was replaced by another container meanwhile, which is left alone\n`,
      })
    expect((await daemon.json<{ State: { Status: string } }>('GET', `/containers/${name}/json`)).State.Status).toBe(
      'created',
    )
  })
})

describe('where neither curl nor perl is', () => {
  const alone = () => ({ PATH: withDockerAlone() })
  test('docker speaks, through a container that is gone afterwards', async () => {
    const { web, name } = await served({ image: await helperImage(await engine(), undefined, () => undefined) })
    for (const make of [
      (verbs: Verbs) => verbs.pause(),
      (verbs: Verbs) => verbs.kill('KILL'),
      (verbs: Verbs) => verbs.remove(),
    ]) {
      const { undo, verify } = await made(web, make, alone())
      for (let round = 0; round < 3; round++) expect(await undo()).toMatchObject({ code: 0, err: '' })
      expect((await verify()).code).toBe(0)
      expect(
        (await (await engine()).json<{ State: { Status: string } }>('GET', `/containers/${name}/json`)).State.Status,
      ).toBe('running')
    }
    const filters = encodeURIComponent(JSON.stringify({ label: ['shakedown.speaks'] }))
    expect(await (await engine()).json('GET', `/containers/json?all=1&filters=${filters}`)).toEqual([])
  }, 120_000)
  test('a daemon that does not answer is told by docker, too', async () => {
    const { web } = await served()
    const change = (await web.verbs.stop?.()) as Change
    const undo = change.undo as NonNullable<Change['undo']>
    const elsewhere = { ...change, undo: { ...undo, sh: undo.sh.replace(/^sock=.*$/m, 'sock=/no/such.sock') } }
    expect(await scripts(elsewhere, alone()).undo()).toMatchObject({
      code: AWAY,
      err: expect.stringContaining('does not answer'),
    })
  })
  test.each([
    ['docker is enough', () => withDockerAlone(), undefined],
    [
      'nothing could be undone without any of them',
      () => withoutAnyOf(),
      /^neither curl nor perl nor docker is on the target/,
    ],
  ])('%s', async (_, path, words) => {
    const name = await container()
    const there = {
      ...transport,
      exec: (command: Command, options: ExecOptions, signal: AbortSignal) =>
        transport.exec(command, { ...options, env: { ...options.env, PATH: path() } }, signal),
    }
    const runtime = await dockerRuntime.open(
      { services: { web: { container: name } } },
      there,
      testHost({ folder: base, home: base }),
    )
    const lacks = await runtime.service('web').lacks?.('stop')
    if (words) expect(lacks).toMatch(words)
    else expect(lacks).toBeUndefined()
    await runtime[Symbol.asyncDispose]()
  })
})

describe('what is done to a container', () => {
  test('restart is another start, with nothing to put back', async () => {
    const { web } = await served()
    const { startedAt } = await web.state()
    const { change, evidence } = await made(web, (verbs) => verbs.restart())
    expect([evidence, change.undo, change.without]).toEqual(['web runs anew', undefined, 'not-needed'])
    expect((await web.state()).startedAt).not.toBe(startedAt)
  })
  test('a signal that is no fault reaches its first process', async () => {
    const { web } = await served({ command: ['sh', '-c', 'trap "touch /tmp/hup" HUP; while :; do sleep 0.05; done'] })
    await made(web, (verbs) => verbs.signal('HUP'))
    await until(async () => (await web.exec({ argv: ['test', '-e', '/tmp/hup'] }, {}, never)).code === 0, 'it was told')
    expect(await refusal((web.verbs.signal as Verbs['signal'])('SIGNOPE'))).toBe('there is no signal "SIGNOPE"')
  })
  test('a signal that does not end it is a fault without effect', async () => {
    const { web } = await served({ command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'] })
    const change = (await web.verbs.kill?.('TERM')) as Change
    await change.apply(never)
    expect(await change.inEffect?.(never)).toEqual({ yes: false, why: 'web is still running' })
    await (await web.verbs.kill?.('KILL'))?.apply(never)
  })
  test('what does not run can’t be broken; what runs is not started', async () => {
    const { web, name } = await served()
    expect((await web.verbs.start?.())?.undo).toBeUndefined()
    await (await engine()).bytes('POST', `/containers/${name}/kill`)
    for (const make of [() => web.verbs.stop?.(), () => web.verbs.kill?.('KILL'), () => web.verbs.pause?.()])
      expect(await refusal(Promise.resolve(make()))).toBe('web is not running')
    await (await engine()).bytes('DELETE', `/containers/${name}`)
    expect(await refusal(Promise.resolve(web.verbs.stop?.()))).toBe('web has no container: it was removed')
  })
  test('a stop that is still going on when the runner is killed is waited for, and undone', async () => {
    const { web, name } = await served({ command: ['perl', '-e', '$SIG{TERM}=sub{sleep 1; exit 0}; sleep 1 while 1'] })
    const change = (await web.verbs.stop?.()) as Change
    const { undo, verify } = scripts(change)
    void (await engine()).bytes('POST', `/containers/${name}/stop`)
    const { startedAt } = await web.state()
    expect((await undo()).code).toBe(0)
    expect((await web.state()).startedAt).not.toBe(startedAt)
    expect((await verify()).code).toBe(0)
  })
  test('all replicas, and one alone', async () => {
    const app = `verbs-${process.pid}`
    for (let i = 0; i < 3; i++) await container({ labels: { app } })
    const runtime = await opened({ web: { label: `app=${app}` } })
    const states = () => Promise.all([1, 2, 3].map((at) => stateOf(runtime.service(`web[${at}]`))))
    const all = await made(runtime.service('web'), (verbs) => verbs.pause())
    expect(await states()).toEqual(['paused', 'paused', 'paused'])
    expect([(await all.undo()).code, (await all.verify()).code]).toEqual([0, 0])
    const one = await made(runtime.service('web[2]'), (verbs) => verbs.kill('KILL'))
    expect(await states()).toEqual(['running', 'exited', 'running'])
    expect([(await one.undo()).code, ...(await states())]).toEqual([0, 'running', 'running', 'running'])
  })
  test('a limit that somebody else changed since is left alone', async () => {
    const { web, name } = await served()
    const { undo } = await made(web, (verbs) => verbs.cpu(0.5))
    await (await engine()).bytes('POST', `/containers/${name}/update`, { body: { CpuQuota: 70_000 } })
    const told = await undo()
    expect([told.code, told.err]).toEqual([
      DRIFTED,
      `the CPU limit of ${name} was changed by somebody else meanwhile\n`,
    ])
  })
  test('a limit that is no less than the one it has is no fault', async () => {
    const { web, name } = await served({ host: { NanoCpus: 5e8 } })
    expect(await refusal(Promise.resolve(web.verbs.cpu?.(0.5)))).toBe(`${name} has no more than that already`)
  })
  test('a network that it is not on', async () => {
    const { web } = await served()
    expect(await refusal(Promise.resolve(web.verbs.disconnect?.('nowhere')))).toBe('web is not on a network "nowhere"')
  })
  test('a daemon that does not answer is told by the undo, with its socket', async () => {
    const { web } = await served()
    const change = (await web.verbs.stop?.()) as Change
    const undo = change.undo as NonNullable<Change['undo']>
    const elsewhere = { ...change, undo: { ...undo, sh: undo.sh.replace(/^sock=.*$/m, 'sock=/no/such.sock') } }
    for (const PATH of [undefined, withoutCurl()]) {
      const told = await scripts(elsewhere, { PATH }).undo()
      expect([told.code, told.err]).toEqual([
        AWAY,
        expect.stringContaining('the Docker daemon at /no/such.sock does not answer'),
      ])
    }
  })
})

describe('a process that is held inside', () => {
  const HELD = {
    does: 'holds a file',
    title: 'the file is let go',
    script: 'sleep 1000 & echo "ready with it"; cat >/dev/null; kill $!',
  }
  const sleeping = async (of: Service) => {
    const { stdout } = await of.exec(
      { sh: 'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep 100[0]" || true' },
      {},
      never,
    )
    return Number(Buffer.from(stdout).toString())
  }
  test('is the fault: ended by its undo, with all that it started', async () => {
    const { web } = await served()
    const fault = await made(web, (verbs) => verbs.hold(HELD))
    expect([fault.evidence, fault.change.undo?.ends.by, await sleeping(web)]).toEqual(['with it', 'holder', 1])
    expect((await fault.verify()).code).toBe(1)
    for (let round = 0; round < 3; round++) expect(await fault.undo()).toMatchObject({ code: 0, err: '' })
    expect([(await fault.verify()).code, await sleeping(web)]).toEqual([0, 0])
  })
  test('that ends at once is no fault, and says why', async () => {
    const { web } = await served()
    const change = (await web.verbs.hold?.({ ...HELD, script: 'echo "no space" >&2; exit 1' })) as Change
    expect(await refusal(change.apply(never))).toMatch(/: no space$/)
  })
  test('is gone with its container', async () => {
    const { web, name } = await served()
    const fault = await made(web, (verbs) => verbs.hold(HELD))
    await (await engine()).bytes('POST', `/containers/${name}/kill`)
    expect([(await fault.undo()).code, (await fault.verify()).code]).toEqual([0, 0])
  })
})
