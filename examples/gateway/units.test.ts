/** The plans that run on processes run on systemd units as they are: on a host over SSH, and on that host itself. */
import { afterAll, expect } from 'bun:test'
import { realpathSync } from 'node:fs'
import { root, runCli } from '../../runner/commands/testing.ts'
import {
  prepare,
  systemdTest,
  type TestMachine,
  testMachine,
} from '../../runner/targets/runtime/systemd/test-machine.ts'
import { runPlans } from '../testing.ts'

let machine: TestMachine
prepare(async () => {
  const bun = realpathSync(process.execPath)
  machine = await testMachine({ volumes: [`${bun}:/usr/local/bin/bun:ro`, `${root}:/srv/shakedown:ro`] })
}, 300_000)
afterAll(() => machine?.[Symbol.asyncDispose]())

/** What runs, with which files, and what of ours lies there. */
const there = () =>
  machine.sh(`systemctl is-active node gateway worker
sha256sum /srv/gateway/config.json /srv/gateway/.env
find /run/systemd ~miner /root -name '*shakedown*'`)

systemdTest(
  'plans/*.yaml pass on the target demo-systemd',
  async () => {
    const before = there()
    const ran = await runPlans(['plans', '--target', 'demo-systemd', '--workers', '3'], { HOME: machine.home })
    expect(ran).toEqual({ passed: 3, wrong: '', left: [] })
    expect(there()).toBe(before)
  },
  120_000,
)

systemdTest(
  'and are checked there without a change',
  async () => {
    const before = there()
    const args = [
      'plans',
      '--target',
      'demo-systemd',
      '--check',
      '--workers',
      '3',
      '--output',
      `${machine.home}/results`,
    ]
    const { out, err, code } = await runCli(args, { env: { HOME: machine.home } })
    expect([code, code === 0 ? '' : out + err]).toEqual([0, ''])
    expect(out).toContain('3 checked')
    expect(there()).toBe(before)
  },
  120_000,
)

systemdTest(
  'and pass on that host itself',
  () => {
    const before = there()
    const out =
      machine.sh(`mkdir /tmp/plans && cd /tmp/plans && cp -r /srv/shakedown/plans/. . && cat >targets.yaml <<'EOF'
targets:
  demo:
    runtime: systemd
    services:
      node: { port: 8101, ready: { http: /health } }
      gateway: { port: 8100, ready: { http: /api/state, expect: { $.node: up } } }
      worker: {}
EOF
bun --no-env-file /srv/shakedown/runner/cli.ts . --color never 2>&1 || echo "exit $?"`)
    expect(out).toContain('3 passed')
    expect(there()).toBe(before)
    expect(machine.sh('ls /tmp/plans/.shakedown/journal 2>/dev/null || true')).toBe('')
  },
  120_000,
)
