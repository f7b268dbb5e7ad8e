/** Plans on systemd units of a host that is reached over SSH: a container with a real systemd and sshd. */
import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, systemdTest, type TestMachine, testMachine } from '../targets/runtime/systemd/test-machine.ts'
import { root, runCli } from './testing.ts'
import { eventually } from './testing-containers.ts'

setDefaultTimeout(60_000)
const folder = mkdtempSync('/tmp/sd-units-')
let machine: TestMachine
prepare(async () => {
  machine = await testMachine()
  machine.unit('web.service', ['ExecStart=/bin/sh -c "echo up; while :; do sleep 1; done"', 'Environment=WORD=unit'])
  machine.unit('slow.service', [
    'ExecStart=/bin/sh -c "trap : TERM; while :; do sleep 0.1; done"',
    'TimeoutStopSec=2s',
    'Restart=always',
  ])
}, 300_000)
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const targets = (services = '{ web: {}, slow: {} }', more = 'become: true') =>
  writeFileSync(
    join(folder, 'targets.yaml'),
    `targets:\n  box:\n    runtime: systemd\n    ssh: shakedown-demo\n    ${more}\n    services: ${services}\n`,
  )
beforeEach(() => {
  targets()
  // Root's, after a case whose runner was killed.
  machine?.sh('rm -rf ~miner/.shakedown')
})

/** Whatever a test that failed has left going on. */
const begun: Bun.Subprocess[] = []
afterEach(async () => {
  for (const run of begun.splice(0)) {
    run.kill('SIGKILL')
    await run.exited
  }
  if (machine) await eventually(() => left() === '')
})

const plan = (...steps: string[]) =>
  writeFileSync(
    join(folder, 'plan.yaml'),
    `plan: On units\ntarget: box\nsteps:\n${steps.map((one) => `  - ${one}\n`).join('')}`,
  )
const ran = (...args: string[]) =>
  runCli([...args, 'plan.yaml', '--color', 'never'], { cwd: folder, env: { HOME: machine.home } })
const isActive = (unit: string) => machine.sh(`systemctl is-active ${unit} || true`).trim() === 'active'
const records = () =>
  ['journal', 'work'].flatMap((name) => {
    const of = join(folder, '.shakedown', name)
    return existsSync(of) ? readdirSync(of) : []
  })
const left = () =>
  machine.sh('ls -A ~miner/.shakedown/journal 2>/dev/null || true; find /run/systemd -name "*shakedown*"')

describe('faults of units', () => {
  systemdTest('are seen while they are in, and put back', async () => {
    plan(
      'inject-fault: { stop: web }',
      'assert: { service: web, state: exited }',
      'restore: web',
      'inject-fault: { pause: web }',
      'assert: { service: web, state: paused, health: unhealthy }',
      'restore: web',
      'inject-fault: { kill: slow }',
      'wait-for: { service: slow, expect: { restarts: { gte: 1 }, state: running } }',
      'restore: slow',
      'inject-fault: { env: web, set: { WORD: plan } }',
      `{ run: "tr '\\\\0' ' ' </proc/$(systemctl show -p MainPID --value web)/environ", expect: { stdout: { contains: WORD=plan } } }`,
      'restore: web',
      'inject-fault: { cpu: web, to: 10% }',
      'service: { restart: web }',
      'wait-for: { logs: web, lines: { any: up } }',
    )
    const { out, err, code } = await ran()
    expect([code, code === 0 ? '' : out + err]).toEqual([0, ''])
    expect([isActive('web'), isActive('slow'), left(), records()]).toEqual([true, true, '', []])
  })

  systemdTest('are put back by the guardian there when the runner is killed', async () => {
    plan('inject-fault: { stop: web }', 'sleep: 60s')
    const run = begin()
    await eventually(() => !isActive('web'))
    run.kill('SIGKILL')
    await run.exited
    await eventually(() => isActive('web'))
    await eventually(() => left() === '')
    expect((await ran('restore')).code).toBe(0)
    expect(records()).toEqual([])
  })

  const isAsBefore = () =>
    machine.sh(`set +e
systemctl show -p ActiveState,CPUQuotaPerSecUSec web
pid=$(systemctl show -p MainPID --value web)
cut -d' ' -f3 /proc/$pid/stat 2>/dev/null | tr RD SS
{ tr '\\0' '\\n' </proc/$pid/environ; } 2>/dev/null | grep WORD
exit 0`) === 'CPUQuotaPerSecUSec=infinity\nActiveState=active\nS\nWORD=unit\n'

  systemdTest.each([
    ['pause: web', 'SIGKILL'],
    ['env: web, set: { WORD: plan }', 'SIGKILL'],
    ['cpu: web, to: 10%', 'SIGKILL'],
    ['pause: web', 'a cut'],
  ])('and so is { %s } after %s', async (fault, end) => {
    plan(`inject-fault: { ${fault} }`, 'sleep: 60s')
    expect(isAsBefore()).toBe(true)
    const run = begin()
    await eventually(() => !isAsBefore())
    if (end === 'SIGKILL') run.kill(end)
    else machine.sh('pkill -9 -f "[s]shd: miner"')
    await eventually(() => isAsBefore() && left() === '')
    run.kill('SIGINT')
    await run.exited
    expect((await ran('restore')).code).toBe(0)
    expect([isAsBefore(), records()]).toEqual([true, []])
  })

  systemdTest('also in the middle of a stop, which systemd goes on with', async () => {
    plan('inject-fault: { stop: slow }', 'sleep: 60s')
    const run = begin()
    await eventually(() => machine.sh('systemctl is-active slow || true').trim() === 'deactivating')
    run.kill('SIGKILL')
    await run.exited
    await eventually(() => left() === '')
    expect(isActive('slow')).toBe(true)
    expect((await ran('restore')).code).toBe(0)
  })

  systemdTest('can’t be made by who may not: skipped, with what to write', async () => {
    targets(undefined, 'become: false')
    plan('inject-fault: { stop: web }')
    const { out } = await ran()
    expect(out).toContain('miner may not change units of ssh://miner@127.0.0.1')
    expect(out).toContain('write `become: true` beside `ssh:`')
    expect(out).toContain('1 skipped')
    expect(isActive('web')).toBe(true)
  })
})

describe('a unit that is not there', () => {
  systemdTest('is an error of the environment that says what to do', async () => {
    targets('{ web: {}, nobody: {} }')
    plan('assert: { service: web, state: running }')
    const { out, code } = await ran()
    expect(out).toContain('service "nobody" has no unit: systemd on ssh://miner@127.0.0.1')
    expect(code).toBe(3)
  })
  systemdTest('is brought for the case, and gone with it, also when the runner is killed', async () => {
    writeFileSync(join(folder, 'own.service'), '[Service]\nExecStart=/bin/sh -c "echo mine; exec sleep 1000"\n')
    targets('{ own: { unit-file: own.service } }')
    plan(
      'wait-for: { logs: own, lines: { any: mine } }',
      'inject-fault: { kill: own }',
      'assert: { service: own, exit: 137 }',
    )
    const { out, err, code } = await ran()
    expect([code, code === 0 ? '' : out + err]).toEqual([0, ''])
    const gone = () => machine.sh('systemctl show -p LoadState --value own').trim() === 'not-found'
    expect([gone(), left()]).toEqual([true, ''])
    plan('sleep: 60s')
    const run = begin()
    await eventually(() => isActive('own'))
    run.kill('SIGKILL')
    await run.exited
    await eventually(() => gone() && left() === '')
  })
  test('nor is one that no plan may name', async () => {
    plan('inject-fault: { stop: nobody }')
    const { out, err, code } = await runCli(['lint', 'plan.yaml'], { cwd: folder })
    expect(out + err).toContain('nobody')
    expect(code).toBe(2)
  })
})

const begin = () => {
  const run = Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml'], {
    cwd: folder,
    env: { ...process.env, HOME: machine.home },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  begun.push(run)
  return run
}
