/** What is done to units, and how it is undone: by shell alone, and any number of times. */
import { describe, expect } from 'bun:test'
import type { Runtime, Verbs } from '../../../contracts/target.ts'
import type { Change } from '../../../contracts/undo.ts'
import { until } from '../../transport/conformance/run.ts'
import { prepare, systemdTest } from './test-machine.ts'
import { machine, made, opened, refusal, stateOf, useMachine } from './test-units.ts'

useMachine()

let runtime: Runtime
const ticking = 'ExecStart=/bin/sh -c "while :; do sleep 1; done"'
prepare(async () => {
  machine.unit('plain.service', [ticking, 'Environment=WORD=unit OTHER=kept', 'CPUQuota=50%'])
  machine.unit('always.service', [ticking, 'Restart=always', 'RestartSec=1s'])
  machine.unit('needy.service', [ticking], ['Requires=plain.service', 'After=plain.service'])
  machine.unit('bound.service', [ticking], ['BindsTo=always.service', 'After=always.service'])
  machine.unit('deaf.service', ['ExecStart=/bin/sh -c "trap : HUP; while :; do sleep 1; done"'])
  runtime = await opened({ plain: {}, always: {}, needy: { unit: 'needy.service' }, deaf: {}, sshd: { unit: 'ssh' } })
}, 60_000)

/** The undo puts it back however often it runs, and the proof fails before and holds after. */
async function undoneThrice({ undo, verify }: Awaited<ReturnType<typeof made>>, name: string) {
  expect((await verify()).code).not.toBe(0)
  for (let time = 1; time <= 3; time++) {
    const { code, err } = await undo()
    expect([time, code, err]).toEqual([time, 0, ''])
    expect((await verify()).code).toBe(0)
  }
  expect(await stateOf(runtime, name)).toBe('running')
}

describe('a unit', () => {
  systemdTest('is stopped, with all that requires it, and all of it is started again', async () => {
    const fault = await made(runtime, 'plain', (verbs) => verbs.stop())
    expect(fault.change.does).toBe('stops plain, and with it needy.service')
    expect(fault.evidence).toBe('plain is stopped')
    expect([await stateOf(runtime, 'plain'), await stateOf(runtime, 'needy')]).toEqual(['exited', 'exited'])
    await undoneThrice(fault, 'plain')
    expect(await stateOf(runtime, 'needy')).toBe('running')
  })

  systemdTest('is killed', async () => {
    const fault = await made(runtime, 'plain', (verbs) => verbs.kill('SIGKILL'))
    expect(fault.evidence).toBe('plain exited with 137')
    await undoneThrice(fault, 'plain')
  })

  systemdTest('that systemd starts again by itself is killed, and that is told', async () => {
    const { restarts } = await runtime.service('always').state()
    const fault = await made(runtime, 'always', (verbs) => verbs.kill('KILL'))
    expect(fault.change.does).toBe('sends SIGKILL to always; systemd starts it again after 1s (Restart=always)')
    expect(fault.evidence).toBe('always exited with 137, and systemd starts it again after 1s')
    expect(await stateOf(runtime, 'always')).toBe('restarting')
    await until(async () => (await stateOf(runtime, 'always')) === 'running', 'it is started again')
    expect((await runtime.service('always').state()).restarts).toBe(restarts + 1)
    const seen = await fault.change.inEffect?.(new AbortController().signal)
    expect(seen).toMatchObject({ yes: true, evidence: expect.stringContaining('systemd started it again as process') })
    // What is bound to it went down with it, and does not come back by itself.
    expect(machine.sh('systemctl is-active bound || true').trim()).toBe('inactive')
    await undoneThrice(fault, 'always')
    expect(machine.sh('systemctl is-active bound').trim()).toBe('active')
  })

  systemdTest('that does not end by a signal was not killed', async () => {
    const change = await (runtime.service('deaf').verbs as Verbs).kill('HUP')
    await change.apply(new AbortController().signal)
    const seen = await change.inEffect?.(new AbortController().signal)
    expect(seen).toMatchObject({ yes: false, why: expect.stringContaining('deaf is still running as process') })
  })

  systemdTest('is stopped though systemd would start it again', async () => {
    const fault = await made(runtime, 'always', (verbs) => verbs.stop())
    const { state, json } = await runtime.service('always').state()
    expect([state, json]).toMatchObject(['exited', { SubState: 'dead' }])
    await undoneThrice(fault, 'always')
  })

  systemdTest('that was started too often is started again', async () => {
    const fault = await made(runtime, 'plain', (verbs) => verbs.stop())
    machine.sh('for n in 1 2 3 4 5 6; do systemctl start plain || break; systemctl stop plain; done')
    await undoneThrice(fault, 'plain')
  })

  systemdTest('is paused with all of its processes, and goes on', async () => {
    const { pid, startedAt } = await runtime.service('plain').state()
    const fault = await made(runtime, 'plain', (verbs) => verbs.pause())
    expect(fault.evidence).toBe(`plain is paused (process ${pid})`)
    expect(await runtime.service('plain').state({ health: true })).toMatchObject({
      state: 'paused',
      health: 'unhealthy',
    })
    const states = machine.sh(
      'for p in $(systemctl status plain | grep -o "[├└]─[0-9]*" | grep -o "[0-9]*"); do cut -d" " -f3 /proc/$p/stat; done',
    )
    expect(new Set(states.trim().split('\n'))).toEqual(new Set(['T']))
    await undoneThrice(fault, 'plain')
    expect(await runtime.service('plain').state()).toMatchObject({ pid, startedAt })
  })

  systemdTest('that was ended while it was paused is left alone, and told', async () => {
    const fault = await made(runtime, 'plain', (verbs) => verbs.pause())
    machine.sh('systemctl stop plain')
    expect((await fault.undo()).code).toBe(65)
    machine.sh('systemctl start plain')
    expect((await fault.undo()).code).toBe(0)
  })

  systemdTest('is restarted', async () => {
    const { startedAt } = await runtime.service('plain').state()
    const { change } = await made(runtime, 'plain', (verbs) => verbs.restart())
    expect(change.undo).toBeUndefined()
    expect((await runtime.service('plain').state()).startedAt).not.toBe(startedAt)
  })

  systemdTest('is started, and its undo stops it', async () => {
    machine.sh('systemctl stop plain')
    const { change, undo, verify } = await made(runtime, 'plain', (verbs) => verbs.start())
    expect(change.does).toBe('starts plain')
    expect((await verify()).code).toBe(1)
    for (let time = 1; time <= 3; time++) expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(await stateOf(runtime, 'plain')).toBe('exited')
    machine.sh('systemctl start plain')
  })

  systemdTest('is started with what it needs, and its undo stops that as well', async () => {
    machine.sh('systemctl stop plain')
    const { change, undo, verify } = await made(runtime, 'needy', (verbs) => verbs.start())
    expect(change.does).toBe('starts needy, and with it plain.service')
    expect(await stateOf(runtime, 'plain')).toBe('running')
    for (let time = 1; time <= 3; time++) expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(await stateOf(runtime, 'plain')).toBe('exited')
    machine.sh('systemctl start needy')
  })

  systemdTest('is sent a signal that is no fault', async () => {
    const { pid } = await runtime.service('deaf').state()
    const { change } = await made(runtime, 'deaf', (verbs) => verbs.signal('HUP'))
    expect(change.does).toBe('sends SIGHUP to deaf')
    expect((await runtime.service('deaf').state()).pid).toBe(pid)
  })

  systemdTest('is given another environment, whatever stands in the values', async () => {
    const value = 'two words "quoted" $HOME `id` 100% \\ it’s\nand a line'
    const fault = await made(runtime, 'plain', (verbs) => verbs.environment({ WORD: value, OTHER: null, NEW: '' }))
    expect(fault.evidence).toMatch(/^plain runs with it as process \d+$/)
    expect(machine.sh('stat -c %a /run/systemd/system/plain.service.d/*.env').trim()).toBe('600')
    await undoneThrice(fault, 'plain')
    const environment = machine.sh("tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value plain)/environ")
    expect(environment).toContain('WORD=unit\n')
    expect(environment).toContain('OTHER=kept\n')
    expect(machine.sh('ls -d /run/systemd/system/plain.service.d 2>/dev/null || true')).toBe('')
    machine.sh('systemctl start needy')
  })

  systemdTest('has less processor time, and its own limit after', async () => {
    expect(await runtime.service('plain').lacks?.('cpu')).toBeUndefined()
    const fault = await made(runtime, 'plain', (verbs) => verbs.cpu(0.1))
    expect(fault.evidence).toMatch(/^plain has 0.1 of a core \(cpu\.\w+ is /)
    await undoneThrice(fault, 'plain')
    expect(machine.sh('systemctl show -p CPUQuotaPerSecUSec --value plain').trim()).toBe('500ms')
    expect(machine.sh('ls -d /run/systemd/system.control/plain.service.d 2>/dev/null || true')).toBe('')
    const other = await made(runtime, 'always', (verbs) => verbs.cpu(0.2))
    await undoneThrice(other, 'always')
    expect(machine.sh('systemctl show -p CPUQuotaPerSecUSec --value always').trim()).toBe('infinity')
    expect(await refusal((runtime.service('plain').verbs as Verbs).cpu(2))).toContain('no more than that already')
  })

  systemdTest.each<[string, (verbs: Verbs) => Promise<Change>]>([
    ['stopped', (verbs) => verbs.stop()],
    ['paused', (verbs) => verbs.pause()],
    ['given another environment', (verbs) => verbs.environment({ WORD: 'other' })],
    ['left less processor time', (verbs) => verbs.cpu(0.1)],
  ])('that is %s is not put back while systemd does not answer', async (_, make) => {
    const fault = await made(runtime, 'plain', make)
    machine.sh('mkdir -p /tmp/mute; for name in systemctl busctl; do ln -sf /bin/false /tmp/mute/$name; done')
    for (const file of ['sh', 'verify'])
      expect(machine.sh(`PATH=/tmp/mute:$PATH sh ${fault.at}.${file} 2>&1 || echo "exit $?"`)).toBe(
        'systemd does not answer\nexit 1\n',
      )
    await undoneThrice(fault, 'plain')
    machine.sh('systemctl start needy')
  })

  systemdTest('that is gone has nothing to put back', async () => {
    machine.unit('brief.service', [ticking])
    const own = await opened({ brief: {} })
    const fault = await made(own, 'brief', (verbs) => verbs.stop())
    machine.sh('rm /etc/systemd/system/brief.service; systemctl daemon-reload')
    expect(await stateOf(own, 'brief')).toBe('removed')
    const { code, out } = await fault.undo()
    expect([code, out.trim()]).toEqual([0, 'note: systemd knows no brief.service any more'])
    expect((await fault.verify()).code).toBe(0)
  })
})

describe('it is refused', () => {
  const refused = (name: string, make: (verbs: Verbs) => Promise<Change>) =>
    refusal(make(runtime.service(name).verbs as Verbs))

  systemdTest('to break what does not run', async () => {
    machine.sh('systemctl stop plain')
    expect(await refused('plain', (verbs) => verbs.stop())).toBe(
      'plain is not running: plain.service is inactive (dead)',
    )
    machine.sh('systemctl start plain needy')
  })
  systemdTest('to send a signal that nobody knows', async () => {
    expect(await refused('plain', (verbs) => verbs.kill('NOPE'))).toBe('there is no signal "NOPE"')
  })
  systemdTest('to break the very way that we come by', async () => {
    expect(await refused('sshd', (verbs) => verbs.stop())).toContain('sshd is what we reach ssh://miner@127.0.0.1')
  })
})
