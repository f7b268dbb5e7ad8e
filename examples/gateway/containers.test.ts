/** The plans that run on processes run on containers as they are. */
import { expect } from 'bun:test'
import { composeV1Test, dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans, runPlansOverSsh } from '../testing.ts'

dockerTest(
  'plans/*.yaml pass on the target demo-docker',
  async () => {
    const ran = await runPlans(['plans', '--target', 'demo-docker', '--workers', '3'])
    expect(ran).toEqual({ passed: 3, wrong: '', left: [] })
  },
  300_000,
)

dockerTest(
  'plans/*.yaml pass on containers of a host over SSH',
  async () => {
    const ran = await runPlansOverSsh(['plans', '--target', 'demo-ssh-docker', '--workers', '3'])
    expect(ran).toEqual({ passed: 3, wrong: '', left: [] })
  },
  300_000,
)

composeV1Test(
  'and the old docker-compose brings them up as well',
  async () => {
    const ran = await runPlans(['plans/node-down.yaml', '--target', 'demo-docker'], {
      SHAKEDOWN_COMPOSE: 'docker-compose',
    })
    expect(ran).toEqual({ passed: 1, wrong: '', left: [] })
  },
  300_000,
)
