/** A machine on which systemd has the freezer of cgroup v2, and no limit for processor time. */
import { expect } from 'bun:test'
import type { Verbs } from '../../../contracts/target.ts'
import { systemdTest } from './test-machine.ts'
import { machine, made, opened, refusal, stateOf, useMachine } from './test-units.ts'

useMachine({ onlyV2: true })

systemdTest('a unit is frozen, and thawed however often', async () => {
  const runtime = await opened({ node: { port: 8101 } })
  const { pid, startedAt } = await runtime.service('node').state()
  const { evidence, undo, verify } = await made(runtime, 'node', (verbs) => verbs.pause())
  expect(evidence).toBe(`node is paused (process ${pid})`)
  expect(machine.sh('systemctl show -p FreezerState --value node').trim()).toBe('frozen')
  expect(machine.sh(`cut -d' ' -f3 /proc/${pid}/stat`).trim()).not.toBe('T')
  expect(await stateOf(runtime, 'node')).toBe('paused')
  expect((await verify()).code).toBe(1)
  for (let time = 1; time <= 3; time++) expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
  expect(await runtime.service('node').state()).toMatchObject({ state: 'running', pid, startedAt })
  expect(machine.sh('curl -fsS http://127.0.0.1:8101/health')).toContain('ok')
})

systemdTest('a limit that nobody would keep is refused, and found to be without effect', async () => {
  const limited = machine.sh('cat /sys/fs/cgroup/cgroup.controllers').split(/\s+/).includes('cpu')
  if (limited) return console.log('skipped: the kernel of this machine limits processor time on cgroup v2')
  const runtime = await opened({ node: {} })
  const node = runtime.service('node')
  expect(await node.lacks?.('cpu')).toContain('limits no processor time of units')
  expect(await node.lacks?.('pause')).toBeUndefined()
  const change = await (node.verbs as Verbs).cpu(0.1)
  expect(await refusal(change.apply(new AbortController().signal))).toBe('nothing was thrown')
  expect(await change.inEffect?.(new AbortController().signal)).toEqual({
    yes: false,
    why: 'systemd wrote the limit down, but no cgroup of node.service has one',
  })
})
