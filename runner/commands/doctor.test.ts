import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dockerTest } from '../targets/runtime/docker/testing.ts'
import { describeSsh, type TestServer, testServer } from '../targets/transport/ssh/testing.ts'
import { runCli } from './testing.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-doctor-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const doctor = (targets: string, args: readonly string[] = [], env: Record<string, string> = {}) => {
  writeFileSync(join(folder, 'targets.yaml'), `targets:\n${targets}`)
  return runCli(['doctor', '--color', 'never', ...args], { cwd: folder, env })
}
/** `SIGN NAME` of each line that tells of something. */
const signs = (out: string) => [...out.matchAll(/^ {2}([✓✗○]) (\w+)/gm)].map(([, sign, name]) => `${sign} ${name}`)
const missing = (out: string) => signs(out).filter((line) => !line.startsWith('✓') && !line.endsWith('netem'))

test('a target of this machine has what it needs, and what it starts is looked for', async () => {
  const { out, code } = await doctor('  here: { runtime: process, services: { a: { command: [sh, -c, "true"] } } }\n')
  expect(signs(out)).toContain('✓ sh')
  expect(out).toContain('starts a')
  expect(code).toBe(0)
  const bad = await doctor('  here: { runtime: process, services: { a: { command: [no-such-program] } } }\n')
  expect(missing(bad.out)).toContain('✗ no')
  expect(bad.out).toContain('is not in the PATH there (starts a)')
  expect(bad.out).toContain('missing: no-such-program')
  expect(bad.code).toBe(3)
})

test('a guardian that would be ended with the runner is found', async () => {
  const { out, code } = await doctor('  here: { runtime: process }\n', [], { BUN_OPTIONS: '--no-orphans' })
  expect(out).toContain('missing: guardian')
  expect(code).toBe(3)
})

test('a target or file that is not there is told', async () => {
  const unknown = await doctor('  here: { runtime: process }\n', ['--target', 'hare'])
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringContaining('unknown target "hare"; did you mean "here"?'),
  ])
  const none = await runCli(['doctor', 'nowhere'], { cwd: folder })
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('there is no targets.yaml in nowhere')])
})

test('a machine without systemd is told so', async () => {
  const { out } = await doctor('  units: { runtime: systemd, services: { a: { unit: a.service } } }\n')
  expect(out).toMatch(/[✓✗] systemd/)
})

dockerTest('the daemon, Compose and what undoes are found', async () => {
  writeFileSync(join(folder, 'compose.yaml'), 'services: { web: { image: debian:bookworm-slim } }\n')
  const { out, code } = await doctor('  box: { runtime: docker, compose: compose.yaml }\n')
  expect(signs(out).filter((line) => /docker|undo|compose|helper/.test(line))).toEqual([
    '✓ docker',
    '✓ undo',
    '✓ compose',
    '✓ helper',
  ])
  expect(code).toBe(0)
  const gone = await doctor('  box: { runtime: docker, daemon: unix:///no/such/docker.sock, services: {} }\n')
  expect(gone.out).toContain('there is no Docker daemon at /no/such/docker.sock')
  expect(gone.code).toBe(3)
})

describeSsh('a bare host', () => {
  const tools = 'sh bash id uname df awk date cat mktemp mkfifo grep sed head rm ls tail wc od sleep mkdir printf'
  let server: TestServer
  let target = ''
  beforeAll(async () => {
    server = await testServer()
    const bin = join(server.folder, 'bin')
    mkdirSync(bin)
    for (const tool of tools.split(' ')) {
      const path = Bun.which(tool)
      if (path) symlinkSync(path, join(bin, tool))
    }
    // Below /usr/sbin and /sbin nothing is to be found either.
    writeFileSync(join(server.home, '.bashrc'), `PATH=${bin}\n`)
    target = `    ssh: { host: 127.0.0.1, user: ${server.spec.user}, port: ${server.port}, identity: ${server.key}, known-hosts: ${server.knownHosts} }\n`
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('is told exactly what it lacks, and nothing is written there', async () => {
    const before = readdirSync(server.home)
    const { out, code } = await doctor(
      `  bare:\n    runtime: process\n    services: { node: { command: [bun, node.ts] } }\n${target}`,
    )
    expect(missing(out)).toEqual(
      ['○ ps', '○ tar', '✗ bun'].flatMap((line) => (line === '○ ps' ? [line, ...nft] : [line])),
    )
    expect(out).toContain('missing: bun')
    expect(code).toBe(3)
    expect(readdirSync(server.home)).toEqual(before)
  })
  /** It stands in /usr/sbin, which is looked into on purpose. */
  const nft = Bun.which('nft', { PATH: '/usr/sbin:/sbin' }) === null ? ['○ nft'] : []

  test('a key that others can read is told', async () => {
    const loose = join(folder, 'loose')
    writeFileSync(loose, await Bun.file(server.key).text(), { mode: 0o644 })
    const { out, code } = await doctor(`  bare:\n    runtime: process\n${target.replace(server.key, loose)}`)
    expect(out).toContain(`chmod 600 ${loose}`)
    expect(code).toBe(3)
  })

  test('one that does not answer is all that is told', async () => {
    const { out, code } = await doctor(`  bare:\n    runtime: process\n${target.replace(`${server.port}`, '1')}`)
    expect(signs(out)).toEqual(['✗ host'])
    expect(out).toContain('refuses connections on port 1')
    expect(code).toBe(3)
  })
})
