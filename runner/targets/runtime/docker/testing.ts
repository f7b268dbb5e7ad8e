/** For tests on a real Docker. */
import { test } from 'bun:test'

const missing = process.env['SHAKEDOWN_REQUIRE_ALL'] === undefined ? whatIsMissing() : undefined
if (missing !== undefined) console.log(`skipped: ${missing}`)

/** A test that needs a Docker daemon and the base of our images: skipped with the reason where they are missing, but never on CI. */
export const dockerTest = missing === undefined ? test : test.skip

function whatIsMissing(): string | undefined {
  if (Bun.which('docker') === null) return 'there is no `docker` command here'
  const { exitCode, stderr } = Bun.spawnSync(['docker', 'image', 'inspect', 'debian:bookworm-slim'])
  return exitCode === 0 ? undefined : `\`docker image inspect debian:bookworm-slim\` says: ${stderr.toString().trim()}`
}
