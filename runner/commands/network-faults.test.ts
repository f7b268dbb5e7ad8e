/** Faults of the network on real containers, as a plan has them. */
import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dockerTest } from '../targets/runtime/docker/testing.ts'
import { root, runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-network-'))
const project = `shakedown-network-test-${process.pid}`
const compose = (...argv: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(['docker', 'compose', '--project-name', project, ...argv], { cwd: folder })
  if (exitCode !== 0) throw new Error(stderr.toString())
}
const SERVER = `use IO::Socket::INET; $SIG{TERM}=sub{exit 0}; my $s=IO::Socket::INET->new(LocalPort=>80,Listen=>50,ReuseAddr=>1) or die;
while(my $c=$s->accept){while(<$c>){last if /^\\r?\\n$/} print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}"; close $c}`

let isUp = false
beforeAll(() => {
  const web = {
    image: 'debian:bookworm-slim',
    command: ['perl', '-e', SERVER.replaceAll('$', () => '$$')],
    expose: ['80'],
  }
  const alone = { image: 'debian:bookworm-slim', command: ['sleep', 'infinity'], network_mode: 'host', init: true }
  writeFileSync(join(folder, 'compose.yaml'), JSON.stringify({ services: { web, other: web, third: web, alone } }))
  writeFileSync(
    join(folder, 'targets.yaml'),
    `targets:\n  demo: { runtime: docker, project: ${project}, defaults: { lease: 2s } }\n`,
  )
})
afterAll(() => {
  if (isUp) compose('down', '--timeout', '0')
  rmSync(folder, { recursive: true, force: true })
})

/** One stack for all of them; what a plan does to it is put back. */
function start(): void {
  if (!isUp) compose('up', '--detach')
  isUp = true
}

const reach = (from: string, to: string) =>
  `{ run: { in: ${from}, command: "timeout 1 bash -c '</dev/tcp/${to}/80'" } }`
const cut = (from: string, to: string) => reach(from, to).replace(/ }$/, ', exit: 124 }')

dockerTest(
  'each has its effect, proves it, and goes again',
  async () => {
    start()
    const { out, code } = await plan('all', [
      'inject-fault: { partition: [[web], [other]] }',
      `assert: ${cut('other', 'web')}`,
      `assert: ${reach('third', 'web')}`,
      'restore: other',
      `assert: ${reach('other', 'web')}`,
      'inject-fault: { drop: { from: web, to: other } }',
      `assert: ${cut('other', 'web')}`,
      'restore: web',
      'inject-fault: { loss: web, percent: 100 }',
      `assert: ${cut('third', 'web')}`,
      'restore: web',
      'inject-fault: { rate: web, to: 1KB/m }',
      'assert: { http: { get: http://web/, timeout: 1s }, expect: { reachable: false } }',
      'restore: web',
      'inject-fault: { reject: web, ports: [80] }',
      'assert: { tcp: "web:80", open: false }',
      'assert: { tcp: "other:80", open: true }',
      'restore: web',
      'inject-fault: { dns: other, names: [web] }',
      'assert: { run: { in: other, command: getent hosts web }, exit: 2 }',
      'assert: { run: { in: other, command: getent hosts third } }',
      'restore: other',
      'assert: { run: { in: other, command: getent hosts web } }',
      'inject-fault: { delay: web, by: 200ms }',
      'assert: { http: http://web/, expect: { duration: { between: [200, 3000] } } }',
      'restore: web',
      'assert: { http: http://web/, expect: { duration: { lt: 200 } } }',
    ])
    expect(out).toContain('1 passed')
    expect(out).toContain('no way to')
    expect(out).toContain('of 300 test packets were lost')
    expect(code).toBe(0)
    expect(helpers()).toEqual([])
  },
  120_000,
)

dockerTest(
  'is made again for a container that was restarted',
  async () => {
    start()
    const { out, code } = await plan('again', [
      'inject-fault: { partition: [[web], [other]] }',
      'service: { restart: web }',
      `wait-for: ${cut('other', 'web')}`,
      'restore: web',
      `wait-for: ${reach('other', 'web')}`,
    ])
    expect(out).toContain('1 passed')
    expect(code).toBe(0)
    expect(helpers()).toEqual([])
  },
  60_000,
)

dockerTest(
  'ends by itself when the runner is killed, and nothing is left of it',
  async () => {
    start()
    const file = write('killed', ['inject-fault: { partition: [[web], [other]] }', 'sleep: 60s'])
    const child = Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), file], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    await eventually(() => !reaches())
    child.kill('SIGKILL')
    await eventually(reaches)
    await eventually(() => helpers().length === 0)
    await eventually(() => readdirSync(join(folder, '.shakedown', 'journal')).length === 0)
  },
  60_000,
)

dockerTest(
  'on the network of the host is skipped with the reason, before anything is changed',
  async () => {
    start()
    const { out, code } = await plan('host', ['inject-fault: { loss: alone, percent: 50 }'])
    expect(out).toContain('unavailable')
    expect(out).toContain('uses the network of its host')
    expect(code).toBe(5)
  },
  60_000,
)

dockerTest(
  'without effect fails: there was no way to cut',
  async () => {
    start()
    const { out, code } = await plan('nothing', [
      'service: { stop: other }',
      'inject-fault: { partition: [[web], [other]] }',
    ])
    expect(out).toMatch(/has no address|no way to/)
    expect(code).toBe(1)
    expect(helpers()).toEqual([])
  },
  60_000,
)

function plan(name: string, steps: readonly string[]) {
  return runCli([write(name, steps), '--color', 'never'], { cwd: folder })
}

function write(name: string, steps: readonly string[]): string {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `plan: ${name}\ntarget: demo\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`,
  )
  return `${name}.yaml`
}

function reaches(): boolean {
  const argv = ['exec', `${project}-other-1`, 'timeout', '1', 'bash', '-c', '</dev/tcp/web/80']
  return Bun.spawnSync(['docker', ...argv]).exitCode === 0
}

/** Helpers that these tests have made. */
function helpers(): string[] {
  const names = ['all', 'again', 'killed', 'host', 'nothing'].map((name) => `${name}.yaml`)
  return names.flatMap((name) => {
    const argv = [
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `label=shakedown.plan=${name}`,
      '--filter',
      'label=shakedown.fault',
    ]
    return Bun.spawnSync(['docker', ...argv])
      .stdout.toString()
      .split('\n')
      .filter(Boolean)
  })
}

async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to that')
    await Bun.sleep(20)
  }
}
