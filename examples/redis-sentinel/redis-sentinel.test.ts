/** The plan of this folder on a real Redis with its sentinels. */
import { expect } from 'bun:test'
import { dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans } from '../testing.ts'

dockerTest(
  'a Redis master that was paused comes back as a replica',
  async () => {
    expect(await runPlans(['examples/redis-sentinel/plans'])).toEqual({ passed: 1, wrong: '', left: [] })
  },
  300_000,
)
