/** A machine with a real systemd and an OpenSSH server, for tests: a container, on which the gateway stack runs as units. */
import { beforeAll, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keygen } from '../../transport/ssh/testing.ts'
import type { SshSpec } from '../../transport/ssh.ts'

const EXAMPLE = join(import.meta.dir, '..', '..', '..', '..', 'examples', 'gateway')
const IMAGE = 'shakedown-example-gateway-systemd'
const UP_WITHIN = 60_000
/** By which what is left of tests is found. */
const LABEL = 'shakedown.test'

/** Tests that need Docker for such a machine: skipped with the reason where there is none, but never on CI. */
export const systemdTest: typeof test = testUnless(whyNoMachine())
/** A `beforeAll` for such tests, left out where they are skipped. */
export const prepare: typeof beforeAll = systemdTest === test ? beforeAll : () => undefined

function testUnless(missing: string | undefined): typeof test {
  if (missing === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined) return test
  console.log(`skipped: ${missing}`)
  return test.skip as typeof test
}

function whyNoMachine(): string | undefined {
  if (Bun.which('docker') === null) return 'there is no `docker` command here, to run a machine with systemd'
  if (Bun.which('ssh-keygen') === null) return 'there is no `ssh-keygen` here (apt-get install openssh-client)'
  const { exitCode, stderr } = docker('image', 'inspect', 'debian:bookworm-slim')
  return exitCode === 0 ? undefined : `\`docker image inspect debian:bookworm-slim\` says: ${stderr}`
}

export interface TestMachine extends AsyncDisposable {
  /** Who logs in is no root, and becomes it. */
  readonly spec: SshSpec
  /** A home folder of a runner whose `~/.ssh/config` knows the machine as `shakedown-demo`. */
  readonly home: string
  /** What a script prints that root runs there. */
  sh(script: string): string
  /** A unit of its own, started; `lines` stand in its `[Service]`. */
  unit(name: string, lines: readonly string[], more?: readonly string[]): void
}

export interface TestMachineOptions {
  /** What of this machine it sees, as `docker run --volume` takes it. */
  readonly volumes?: readonly string[]
  /** With nothing but cgroup v2, whatever this machine has: there systemd can freeze units, but perhaps not limit them. */
  readonly onlyV2?: boolean
}

export async function testMachine({ volumes = [], onlyV2 = false }: TestMachineOptions = {}): Promise<TestMachine> {
  build()
  const name = `sd-test-systemd-${process.pid}-${randomBytes(3).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'sd-systemd-'))
  const tmpfs = ['/run', '/run/lock', '/tmp'].flatMap((path) => ['--tmpfs', path])
  const seen = [...(onlyV2 ? [] : ['/sys/fs/cgroup:/sys/fs/cgroup:ro']), ...volumes].flatMap((one) => ['--volume', one])
  const init = 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec /sbin/init'
  const start = onlyV2 ? ['--cgroupns', 'private', IMAGE, 'sh', '-c', init] : [IMAGE]
  // What systemd needs beside the capability: its cgroups, and folders that are its own.
  demand(
    ...['run', '--detach', '--rm', '--name', name, '--label', LABEL, ...tmpfs, '--publish', '127.0.0.1::22'],
    ...[...seen, '--cap-add', 'SYS_ADMIN', ...start],
  )
  const machine: TestMachine = {
    spec: { host: '127.0.0.1', user: 'miner', become: true },
    home: folder,
    sh: (script) => demand('exec', name, 'sh', '-ec', script),
    unit: (unit, lines, more = []) => {
      const text = ['[Unit]', ...more, '[Service]', ...lines, ''].join('\n')
      machine.sh(`printf '%s' '${text.replaceAll("'", "'\\''")}' >/etc/systemd/system/${unit}
systemctl daemon-reload
systemctl start ${unit}`)
    },
    [Symbol.asyncDispose]: async () => {
      docker('rm', '--force', '--volumes', name)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await booted(machine)
    return { ...machine, spec: withKeys(machine, name) }
  } catch (error) {
    await machine[Symbol.asyncDispose]()
    throw error
  }
}

function build(): void {
  const file = join(EXAMPLE, 'systemd', 'Dockerfile')
  demand('build', '--quiet', '--file', file, '--tag', IMAGE, EXAMPLE)
}

/** A key for the login, and the machine's own as the known one. */
function withKeys({ spec, home, sh }: TestMachine, name: string): SshSpec {
  const port = Number(demand('port', name, '22/tcp').trim().split(':').at(-1))
  const [key, knownHosts] = [join(home, 'id'), join(home, 'known_hosts')]
  keygen(key)
  const publicKey = readFileSync(`${key}.pub`, 'utf8').trim()
  sh(`mkdir -m 700 ~miner/.ssh && echo '${publicKey}' >~miner/.ssh/authorized_keys && chown -R miner: ~miner/.ssh`)
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${sh('cat /etc/ssh/ssh_host_ed25519_key.pub')}`)
  mkdirSync(join(home, '.ssh'))
  const config = ['Host shakedown-demo', 'HostName 127.0.0.1', `Port ${port}`, 'User miner']
  writeFileSync(
    join(home, '.ssh', 'config'),
    `${[...config, `IdentityFile ${key}`, `UserKnownHostsFile ${knownHosts}`].join('\n')}\n`,
  )
  return { ...spec, port, identities: [key], knownHosts }
}

/** The bus comes up a moment after the container. */
async function booted({ sh }: TestMachine): Promise<void> {
  const start = performance.now()
  for (;;) {
    try {
      return void sh('systemctl is-system-running --wait; systemctl is-active ssh')
    } catch (error) {
      if (performance.now() - start > UP_WITHIN) throw error
      await Bun.sleep(100)
    }
  }
}

function docker(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['docker', ...argv])
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString().trim() }
}

function demand(...argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = docker(...argv)
  if (exitCode !== 0) throw new Error(`docker ${argv.join(' ')}: ${stderr}${stdout}`)
  return stdout
}
