/** For tests that run an example's plans as a user does. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../runner/commands/testing.ts'
import { testServer } from '../runner/targets/transport/ssh/testing.ts'

/** Runs plans; tells how many passed, what went wrong if anything did, and what is left of the run. */
export async function runPlans(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ passed: number; wrong: string; left: string[] }> {
  const output = mkdtempSync(join(tmpdir(), 'shakedown-example-'))
  try {
    const { out, err, code } = await runCli([...args, '--color', 'never', '--output', output], { env })
    const passed = Number(/^(\d+) passed in /m.exec(out)?.[1] ?? 0)
    return { passed, wrong: code === 0 ? '' : `exit ${code}\n${out}${err}`, left: leftOf(out) }
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

/** Runs plans on a host that `~/.ssh/config` calls shakedown-demo: this machine, by an SSH server of its own. */
export async function runPlansOverSsh(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Awaited<ReturnType<typeof runPlans>>> {
  await using server = await testServer()
  mkdirSync(join(server.home, '.ssh'))
  writeFileSync(
    join(server.home, '.ssh/config'),
    `Host shakedown-demo
  HostName ${server.spec.host}
  User ${server.spec.user}
  Port ${server.port}
  IdentityFile ${server.key}
  UserKnownHostsFile ${server.knownHosts}
`,
  )
  // Docker's own plugins are looked for below HOME, too.
  const DOCKER_CONFIG = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker')
  const ran = await runPlans(args, { HOME: server.home, DOCKER_CONFIG, ...env })
  return { ...ran, left: [...ran.left, ...readdirSync(server.home).filter((name) => name === '.shakedown')] }
}

function leftOf(out: string): string[] {
  const run = / · run (\S+)/.exec(out)?.[1] ?? 'none'
  return [
    ['ps', '--all'],
    ['network', 'ls'],
    ['volume', 'ls'],
  ].flatMap((list) => {
    const found = Bun.spawnSync(['docker', ...list, '--quiet', '--filter', `label=shakedown.run=${run}`])
    return found.stdout.toString().split('\n').filter(Boolean)
  })
}
