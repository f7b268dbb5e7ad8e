/** The plans of this folder on real clusters, side by side. */
import { expect } from 'bun:test'
import { dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans } from '../testing.ts'

dockerTest(
  'a leader killed, a follower paused and a quota used up: etcd goes on, and nothing is left behind',
  async () => {
    expect(await runPlans('examples/etcd/plans', '--workers', '3')).toEqual({ passed: 3, wrong: '', left: [] })
  },
  300_000,
)
