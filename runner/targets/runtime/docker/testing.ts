/** For tests on a real Docker. */
import { beforeAll, test } from 'bun:test'

const noDocker = whyNoDocker()

/** A test that needs a Docker daemon and the base of our images: skipped with the reason where they are missing, but never on CI. */
export const dockerTest = testUnless(noDocker)

/** The same, for the old `docker-compose` as a command of its own. */
export const composeV1Test = testUnless(
  noDocker ?? (Bun.which('docker-compose') === null ? 'there is no `docker-compose` (v1) here' : undefined),
)

/** A `beforeAll` for such tests, left out where they are skipped. */
export const prepare: typeof beforeAll =
  noDocker === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined ? beforeAll : () => undefined

function testUnless(missing: string | undefined): typeof test {
  if (missing === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined) return test
  console.log(`skipped: ${missing}`)
  return test.skip as typeof test
}

function whyNoDocker(): string | undefined {
  if (Bun.which('docker') === null) return 'there is no `docker` command here'
  const { exitCode, stderr } = Bun.spawnSync(['docker', 'image', 'inspect', 'debian:bookworm-slim'])
  return exitCode === 0 ? undefined : `\`docker image inspect debian:bookworm-slim\` says: ${stderr.toString().trim()}`
}
