/** Units of a machine as steps and probes see them, over SSH. */
import { describe, expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import type { Runtime } from '../../../contracts/target.ts'
import { run, until } from '../../transport/conformance/run.ts'
import { localTransport } from '../../transport/local.ts'
import { sshTransport } from '../../transport/ssh.ts'
import { testHost } from '../process/test-host.ts'
import { systemdRuntime } from '../systemd.ts'
import { prepare, systemdTest } from './test-machine.ts'
import { beside, machine, never, opened, refusal, scripts, stateOf, transport, useMachine } from './test-units.ts'

useMachine()

let runtime: Runtime
const says = (words: string) => machine.sh(`echo ${words} >/run/told`)
prepare(async () => {
  machine.sh('mkfifo -m 666 /run/told')
  machine.unit('talker.service', [
    'ExecStart=/bin/sh -c "exec 3<>/run/told; while read -r line <&3; do echo $line; done"',
    'User=gateway',
    'WorkingDirectory=/srv/gateway',
  ])
  machine.unit('once.service', ['Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/true'])
  says('before it was opened')
  await until(() => machine.sh('journalctl -o cat -u talker').includes('before it was'), 'it has logged')
  runtime = await opened({
    talker: { port: 80 },
    once: { directory: '/srv', address: '127.0.0.2', port: '8080' },
    ready: { unit: 'talker', ready: {} },
  })
}, 60_000)

describe('a unit', () => {
  systemdTest('is read', async () => {
    const talker = runtime.service('talker')
    const pid = Number(machine.sh('systemctl show -p MainPID --value talker'))
    const state = await talker.state()
    expect(state).toMatchObject({ state: 'running', health: 'none', restarts: 0, pid, user: 'gateway' })
    expect(state.startedAt).toMatch(/^[0-9a-f]{32}$/)
    expect(state.memory).toBeGreaterThan(10_000)
    expect(state.json).toMatchObject({ ActiveState: 'active', SubState: 'running', Id: 'talker.service' })
    expect(talker.names()).toEqual({
      address: '127.0.0.1',
      port: 80,
      url: 'http://127.0.0.1:80',
      directory: '/srv/gateway',
      pid,
    })
    expect(await talker.endpoint()).toEqual({ host: '127.0.0.1', port: 80 })
    expect(await talker.endpoint(81)).toEqual({ host: '127.0.0.1', port: 81 })
  })
  systemdTest('without a process is done', async () => {
    const once = runtime.service('once')
    expect(await once.state()).toMatchObject({ state: 'exited', exit: 0 })
    expect(once.directory).toBe('/srv')
    expect(await once.endpoint()).toEqual({ host: '127.0.0.2', port: 8080 })
  })
  systemdTest('that failed tells its exit code, and why', async () => {
    machine.sh(
      'systemd-run --quiet --unit=failing sh -c "exit 7"; systemd-run --quiet --unit=late -p RuntimeMaxSec=100ms sleep 100',
    )
    const own = await opened({ failing: {}, late: {} })
    await until(async () => (await stateOf(own, 'failing')) === 'exited', 'it fails')
    expect(await own.service('failing').state()).toMatchObject({ state: 'exited', exit: 7, startedAt: '' })
    await until(async () => (await stateOf(own, 'late')) === 'exited', 'it is ended')
    expect(await own.service('late').state()).toMatchObject({ exit: 143, why: 'it took too long' })
    machine.sh('systemctl reset-failed failing late')
  })
  systemdTest('is where commands and files of it are', async () => {
    const { exec, files, directory } = runtime.service('talker')
    const { stdout } = await exec({ sh: 'pwd; id -un' }, {}, never)
    expect(Buffer.from(stdout).toString()).toBe('/srv/gateway\nroot\n')
    expect((await files.stat(`${directory}/config.json`))?.kind).toBe('file')
  })
  systemdTest('is well when its `ready` says so, and was never well before that', async () => {
    let up = false
    const own = await opened(
      { talker: { ready: {} } },
      { host: { ready: async () => ({ holds: up, says: 'not yet' }) } },
    )
    const health = async () => (await own.service('talker').state({ health: true })).health
    expect(await health()).toBe('starting')
    up = true
    expect(await health()).toBe('healthy')
    up = false
    expect(await health()).toBe('unhealthy')
  })
})

describe('restarts that systemd makes', () => {
  systemdTest('are counted from the moment that the target is opened, over starts by hand', async () => {
    machine.unit('falls.service', ['ExecStart=/bin/sleep 1000', 'Restart=always', 'RestartSec=50ms'])
    const counted = () => Number(machine.sh('systemctl show -p NRestarts --value falls'))
    const fall = async () => {
      const before = counted()
      machine.sh('systemctl kill -s KILL falls')
      await until(() => counted() > before, 'it was started again')
    }
    await fall()
    const falls = (await opened({ falls: {} })).service('falls')
    expect((await falls.state()).restarts).toBe(0)
    await fall()
    expect((await falls.state()).restarts).toBe(1)
    machine.sh('systemctl restart falls')
    expect((await falls.state()).restarts).toBe(1)
    await fall()
    expect((await falls.state()).restarts).toBe(2)
    machine.sh('systemctl stop falls')
  })
})

describe('until it is ready', () => {
  systemdTest('a unit is waited for as at `up`', async () => {
    let asked = 0
    const ready = async () => ({ holds: ++asked > 3, says: 'not yet' })
    const own = await opened({ talker: { ready: {} } }, { host: { ready } })
    await own.service('talker').untilReady?.(never)
    expect(asked).toBeGreaterThan(3)
  })
})

describe('its log', () => {
  const talker = () => runtime.service('talker')
  const logged = async (words: string) => {
    says(words)
    await until(async () => (await talker().logs()).includes(words), `${words} is logged`)
  }
  systemdTest('begins when the target is opened, and has nothing of systemd', async () => {
    await logged('first')
    machine.sh('systemctl restart talker')
    await logged('second')
    expect(await talker().logs()).toEqual(['first', 'second'])
    expect(await talker().logs({ last: 1 })).toEqual(['second'])
  })
  systemdTest('is read since a mark', async () => {
    const mark = await talker().logMark()
    expect(await talker().logs({ since: mark })).toEqual([])
    for (const word of ['third', 'fourth', 'fifth']) await logged(word)
    expect(await talker().logs({ since: mark })).toEqual(['third', 'fourth', 'fifth'])
    expect(await talker().logs({ since: mark, last: 2 })).toEqual(['fourth', 'fifth'])
    const later = await talker().logMark()
    await logged('ünïcödé it’s')
    expect(await talker().logs({ since: later })).toEqual(['ünïcödé it’s'])
  })
  systemdTest('wakes at a line', async () => {
    const woken = Promise.withResolvers<string>()
    await using _watching = await talker().watchLogs(woken.resolve)
    says('wake up')
    expect(await woken.promise).toBe('talker.service logged a line')
    await until(async () => (await talker().logs()).includes('wake up'), 'it can be read')
  })
})

describe('whoever watches it is woken', () => {
  systemdTest.each([
    ['systemctl stop talker', 'exited'],
    ['systemctl start talker', 'running'],
    ['systemctl kill -s STOP talker', 'paused'],
    ['systemctl kill -s CONT talker', 'running'],
    ['kill -9 "$(systemctl show -p MainPID --value talker)"', 'exited'],
  ])('by %s', async (command, becomes) => {
    const talker = runtime.service('talker')
    const seen = Promise.withResolvers<number>()
    const look = async () => {
      if ((await talker.state()).state === becomes) seen.resolve(performance.now())
    }
    await using _watching = await talker.watch(() => void look())
    machine.sh(command)
    const done = performance.now()
    expect((await seen.promise) - done).toBeLessThan(1_000)
    machine.sh('systemctl start talker')
  })
  systemdTest('and its process id is the new one by then', async () => {
    const talker = runtime.service('talker')
    machine.sh('systemctl restart talker')
    const pid = Number(machine.sh('systemctl show -p MainPID --value talker'))
    await until(() => talker.names().pid === pid, 'the new process is known')
  })
  systemdTest('also after the connection was cut', async () => {
    const through = await sshTransport({ ...machine.spec, become: true })
    const own = await opened({ talker: {} }, { through })
    let woken = 0
    await using _watching = await own.service('talker').watch(() => void woken++)
    machine.sh('for pid in $(pgrep -f "[s]shd: miner"); do kill -9 $pid; done')
    await until(() => woken > 0, 'it is told of the cut')
    const before = woken
    await until(async () => (await stateOf(own, 'talker').catch(() => '')) === 'running', 'there is a connection')
    await until(() => {
      machine.sh('systemctl kill -s CONT talker')
      return woken > before
    }, 'it is told again')
    await own[Symbol.asyncDispose]()
    await through[Symbol.asyncDispose]()
  })
})

describe('units that a target brings', () => {
  const unitFile = (...lines: string[]) => {
    writeFileSync(beside('brought.service'), ['[Service]', ...lines, ''].join('\n'))
    return { brought: { 'unit-file': 'brought.service' } }
  }
  const there = () =>
    machine.sh(
      'systemctl list-units --all --plain --no-legend "brought*"; ls /run/systemd/system | grep brought || true',
    )

  systemdTest('come up with the case and go with it, however often', async () => {
    const own = await opened(unitFile('ExecStart=/bin/sh -c "echo up; exec sleep 1000"'))
    const change = await own.up()
    if (!change) throw new Error('there is nothing to bring up')
    expect([change.does, change.undo?.title]).toEqual(['brings and starts brought', 'the stack (brought) is gone'])
    const { undo, verify } = await scripts(change)
    await change.apply(never)
    expect(await stateOf(own, 'brought')).toBe('running')
    expect((await verify()).code).toBe(1)
    await until(async () => (await own.service('brought').logs()).includes('up'), 'it logs')
    expect(await refusal(opened(unitFile('ExecStart=/bin/true')))).toContain('has a unit brought.service already')
    for (let time = 1; time <= 3; time++) expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(there()).toBe('')
  })
  systemdTest('and drop-ins are found without a journal, and taken away', async () => {
    const own = await opened({ ...unitFile('ExecStart=/bin/sleep 1000'), talker: {} })
    await (await own.up())?.apply(never)
    await (await own.service('talker').verbs.environment?.({ WORD: 'other' }))?.apply(never)
    const strays = (await systemdRuntime.scan?.({}, transport)) ?? []
    expect(strays.map(({ run: of, says }) => [of, says])).toEqual([
      ['run', 'drop-in /run/systemd/system/talker.service.d/zz-shakedown-run-case-1.conf'],
      ['run', 'unit /run/systemd/system/brought.service'],
    ])
    for (const stray of strays) await stray.remove()
    expect(await systemdRuntime.scan?.({}, transport)).toEqual([])
    expect([there(), await stateOf(own, 'talker')]).toEqual(['', 'running'])
  })
  systemdTest('are left alone when they are of somebody else', async () => {
    const own = await opened(unitFile('ExecStart=/bin/sleep 1000'))
    const { undo, verify } = await scripts((await own.up()) as never)
    machine.unit('brought.service', ['ExecStart=/bin/sleep 1000'])
    expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(machine.sh('systemctl is-active brought').trim()).toBe('active')
    machine.sh('systemctl stop brought; rm /etc/systemd/system/brought.service; systemctl daemon-reload')
  })
  systemdTest('that end at once are told with their log', async () => {
    const own = await opened(unitFile('ExecStart=/bin/sh -c "echo no good; exit 3"'), {
      host: { ready: async () => ({ holds: false, says: 'nobody answers' }) },
    })
    const change = await own.up()
    if (!change) throw new Error('there is nothing to bring up')
    const { undo } = await scripts(change)
    const failed = await change.apply(never).catch((error) => error)
    expect(failed.message).toBe('brought exited with 3 before it was ready')
    expect(failed.details.logs[0].lines).toContain('no good')
    expect(failed.details.logs[0].lines.join()).toContain('Main process exited, code=exited, status=3')
    expect((await undo()).code).toBe(0)
    expect(there()).toBe('')
  })
  systemdTest('and that systemd can’t read are told with what it says', async () => {
    const own = await opened(unitFile('Type=simple'))
    const change = await own.up()
    const { undo } = await scripts(change as never)
    expect(await refusal(change?.apply(never) as Promise<void>)).toContain(
      'brought.service has a bad unit file setting',
    )
    expect((await undo()).code).toBe(0)
    expect(there()).toBe('')
  })
})

describe('plan doctor', () => {
  const needs = async (services: object, through = transport) => {
    const all = (await systemdRuntime.needs?.({ services }, through)) ?? []
    return all.map(({ name, there: has, says, for: what }) => `${has ? '✓' : what ? '○' : '✗'} ${name}: ${says}`)
  }
  systemdTest('finds what there is', async () => {
    expect(
      await needs({ talker: {}, mine: { 'unit-file': 'a' }, any: { unit: '${{ target.variables.any }}' } }),
    ).toEqual([
      expect.stringMatching(/^✓ systemd: systemd \d+/),
      '✓ changes: allowed',
      '✓ journal: can be read',
      expect.stringContaining('freezer: '),
      '✓ units: talker.service',
    ])
  })
  systemdTest('and what is missing', async () => {
    await using plain = await sshTransport({ ...machine.spec, become: false })
    const found = await needs({ talker: {}, nobody: {} }, plain)
    expect(found).toContainEqual(expect.stringMatching(/^○ changes: miner may not change units of ssh:/))
    expect(found).toContainEqual(expect.stringMatching(/^○ journal: miner can’t read the journal of ssh:/))
    expect(found).toContain('✗ units: systemd knows no nobody.service')
  })
})

describe('it is told', () => {
  systemdTest('that there is no such unit', async () => {
    const message = await refusal(opened({ nobody: {} }))
    expect(message).toContain('service "nobody" has no unit: systemd on ssh://miner@127.0.0.1')
    expect(message).toContain('knows no nobody.service; write `unit: NAME`')
  })
  systemdTest('that a unit is masked', async () => {
    machine.sh('ln -s /dev/null /etc/systemd/system/hidden.service; systemctl daemon-reload')
    expect(await refusal(opened({ hidden: {} }))).toContain('hidden.service on ssh://miner@127.0.0.1')
  })
  systemdTest('that there is no such service', async () => {
    expect(await refusal(Promise.resolve().then(() => runtime.service('web')))).toBe(
      'this target has no service "web": it has talker, once, ready',
    )
  })
  systemdTest('that a port is none', async () => {
    expect(await refusal(opened({ talker: { port: 'auto' } }))).toContain('"auto" is no port')
  })
  systemdTest('who may not change units, and who may not read logs', async () => {
    const plain = await sshTransport({ ...machine.spec, become: false })
    const own = await opened({ talker: {} }, { through: plain })
    const talker = own.service('talker')
    expect((await talker.state()).state).toBe('running')
    expect(await talker.lacks?.('stop')).toMatch(
      /^miner may not change units of ssh:.*: write `become: true` beside `ssh:`/,
    )
    expect(await refusal(talker.logs())).toMatch(/^miner can’t read the journal of ssh:.*systemd-journal/)
    await own[Symbol.asyncDispose]()
    await plain[Symbol.asyncDispose]()
  })
  systemdTest('and nothing of a target that is closed goes on', async () => {
    const following = () => Number(machine.sh('pgrep -c journalctl || true'))
    const before = following()
    const own = await opened({ talker: {} })
    await until(() => following() === before + 1, 'it follows the journal')
    await own[Symbol.asyncDispose]()
    await until(() => following() === before, 'it follows no more')
    expect((await run(transport, { argv: ['true'] })).code).toBe(0)
  })
})

const here = existsSync('/run/systemd/system') ? 'this machine was booted with systemd' : undefined
if (here) console.log(`skipped: ${here}, so that nothing can be said without it`)
test.skipIf(here !== undefined)('a machine without systemd is told to be one', async () => {
  const opening = systemdRuntime.open(
    { services: { web: {} } },
    localTransport(),
    testHost({ folder: '/tmp', home: '/tmp' }),
  )
  expect(await refusal(opening)).toBe(
    'this machine was not booted with systemd (/run/systemd/system is missing), so it has no units: take the runtime that its services belong to, process or docker',
  )
})
