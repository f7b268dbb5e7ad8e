/** The plan of this folder on a real server. */
import { expect } from 'bun:test'
import { dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans } from '../testing.ts'

dockerTest(
  'PostgreSQL killed while it writes keeps what it has acknowledged',
  async () => {
    expect(await runPlans('examples/postgres/plans')).toEqual({ passed: 1, wrong: '', left: [] })
  },
  300_000,
)
