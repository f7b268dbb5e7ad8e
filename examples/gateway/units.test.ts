/** The plans that run on processes run on systemd units of a host over SSH as they are. */
import { afterAll, expect } from 'bun:test'
import {
  prepare,
  systemdTest,
  type TestMachine,
  testMachine,
} from '../../runner/targets/runtime/systemd/test-machine.ts'
import { runPlans } from '../testing.ts'

let machine: TestMachine
prepare(async () => {
  machine = await testMachine()
}, 300_000)
afterAll(() => machine?.[Symbol.asyncDispose]())

systemdTest(
  'plans/*.yaml pass on the target demo-systemd',
  async () => {
    const before = machine.sh(UNITS)
    const ran = await runPlans(['plans', '--target', 'demo-systemd', '--workers', '3'], { HOME: machine.home })
    expect(ran).toEqual({ passed: 3, wrong: '', left: [] })
    expect(machine.sh(UNITS)).toBe(before)
    expect(machine.sh('ls -A ~miner')).not.toContain('.shakedown')
  },
  120_000,
)

/** Which run, with what, and which drop-ins there are. */
const UNITS = `systemctl is-active node gateway worker
sha256sum /srv/gateway/config.json /srv/gateway/.env
find /run/systemd/system /run/systemd/system.control -name '*shakedown*' 2>/dev/null || true`
