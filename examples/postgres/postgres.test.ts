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

dockerTest(
  'one that acknowledges too early is found out',
  async () => {
    const { passed, wrong, left } = await runPlans('examples/postgres/plans', '--target', 'careless')
    expect(wrong).toMatch(/✗ each acknowledged row is there .*\n +\$\.missing is [1-9]\d*, expected 0/)
    expect({ passed, left }).toEqual({ passed: 0, left: [] })
  },
  300_000,
)
