/** The plan of this folder on a real server, and on one that is set up badly. */
import { expect } from 'bun:test'
import { dockerTest } from '../../runner/targets/runtime/docker/testing.ts'
import { runPlans } from '../testing.ts'

/** The image after each run. */
const images: string[] = []

dockerTest(
  'PostgreSQL killed while it writes keeps what it has acknowledged',
  async () => {
    expect(await runPlans(['examples/postgres/plans'])).toEqual({ passed: 1, wrong: '', left: [] })
    images.push(imageNow())
  },
  300_000,
)

dockerTest(
  'one that acknowledges too early is found out',
  async () => {
    const { passed, wrong, left } = await runPlans(['examples/postgres/plans', '--target', 'careless'])
    expect(wrong).toMatch(/✗ each acknowledged row is there .*\n +\$\.missing is [1-9]\d*, expected 0/)
    expect({ passed, left }).toEqual({ passed: 0, left: [] })
    images.push(imageNow())
  },
  300_000,
)

dockerTest('a second run leaves no image of the first one behind', () => {
  const [first, second] = images
  expect(first).toStartWith('sha256:')
  expect(second).toBe(first as string)
})

function imageNow(): string {
  return Bun.spawnSync(['docker', 'image', 'inspect', '--format', '{{.Id}}', 'shakedown-example-postgres'])
    .stdout.toString()
    .trim()
}
