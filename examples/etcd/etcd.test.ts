/** The plans of this folder on real clusters, side by side. */
import { expect } from 'bun:test'
import { dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans, runPlansOverSsh } from '../testing.ts'

dockerTest(
  'etcd survives what the plans do to it, and nothing is left behind',
  async () => {
    expect(await runPlans(['examples/etcd/plans', '--workers', '4'])).toEqual({ passed: 6, wrong: '', left: [] })
  },
  300_000,
)

dockerTest(
  'the same through SSH',
  async () => {
    const ran = await runPlansOverSsh(['examples/etcd/plans', '--target', 'etcd-ssh', '--workers', '4'])
    expect(ran).toEqual({ passed: 6, wrong: '', left: [] })
  },
  300_000,
)
