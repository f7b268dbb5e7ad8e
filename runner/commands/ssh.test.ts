/** Plans on a host that is reached over SSH: an OpenSSH server on loopback. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describeUsers, keygen, type TestServer, testServer } from '../targets/transport/ssh/testing.ts'
import { root, runCli } from './testing.ts'

let folder = ''
let server: TestServer
let web: ReturnType<typeof Bun.serve>
beforeAll(async () => {
  folder = mkdtempSync('/tmp/sd-ssh-plans-')
  server = await testServer({ bashrc: 'echo "Welcome"\n' })
  web = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up: true }) })
})
afterAll(async () => {
  await web.stop(true)
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const target = (more = '') => `    ssh:
      host: 127.0.0.1
      user: ${server.spec.user}
      port: ${server.port}
      identity: ${server.key}
      known-hosts: ${server.knownHosts}
${more}`
const targets = (text: string) => writeFileSync(join(folder, 'targets.yaml'), `targets:\n  box:\n${text}`)
const plan = async (steps: string, args: readonly string[] = []) => {
  writeFileSync(join(folder, 'plan.yaml'), `plan: On a host\ntarget: box\nsteps:\n${steps}`)
  return runCli(['plan.yaml', ...args], { cwd: folder })
}
beforeEach(() => targets(target()))

describe('a target with ssh', () => {
  test('is read from its own point of view, with relative paths from the login folder', async () => {
    targets(target('    directory: data\n    environment: { WORD: given }\n'))
    await Bun.write(join(server.home, 'data', 'a.json'), '{ "a": 1 }')
    const ran = await plan(`  - run: 'cat a.json; echo "$WORD $SSH_CONNECTION"'
    expect: { stdout: { contains: 'given 127.0.0.1' } }
  - assert: { file: a.json, expect: { $.a: 1 } }
  - assert: { http: 'http://127.0.0.1:${web.port}/', expect: { $.up: true } }
  - assert: { tcp: '127.0.0.1:${web.port}', expect: { open: true } }
`)
    expect(ran.out + ran.err).toContain('1 passed')
    expect(ran.code).toBe(0)
  })
  test('that can’t be reached is an error of the environment, and says what to do', async () => {
    const wrong = join(folder, 'wrong')
    keygen(wrong)
    targets(target().replace(server.key, 'wrong'))
    const ran = await plan('  - run: "true"\n')
    expect(ran.out).toContain(`does not let ${server.spec.user} in: tried ${wrong}`)
    expect(ran.code).toBe(3)
  })
  test('is not written to under --check', async () => {
    const before = readdirSync(server.home)
    const ran = await plan(`  - assert: { file: a.json, expect: { exists: false } }\n`, ['--check'])
    expect(ran.code).toBe(0)
    expect(readdirSync(server.home)).toEqual(before)
  })
})

describe('changes of a host', () => {
  const before = '{"a":   1}'
  const config = () => join(server.home, 'config.json')
  beforeEach(() => writeFileSync(config(), before))
  const ours = () => readdirSync(server.home).filter((name) => name === '.shakedown')
  const journals = () => {
    const of = join(server.home, '.shakedown', 'journal')
    return existsSync(of) ? readdirSync(of).map((name) => join(of, name)) : []
  }
  const records = () =>
    ['journal', 'work'].flatMap((name) => {
      const of = join(folder, '.shakedown', name)
      return existsSync(of) ? readdirSync(of) : []
    })
  const change = '  - apply-config: { file: config.json, set: { $.a: 2 } }\n'
  const waiting = `${change}  - wait-for: { file: go, exists: true, within: 60s }\n`

  test('are journalled there before they are made, and put back', async () => {
    const ran = await plan(`${change}  - assert: { file: config.json, expect: { $.a: 2 } }
  - run: 'ls -l ~/.shakedown/journal/*/0001.sh'
    expect: { stdout: { contains: '-rw-------' } }
  - run: touch made
    undo: rm -f made
    verify: test ! -e made
  - restore: all
  - assert: { file: config.json, expect: { $.a: 1 } }
`)
    expect(ran.out + ran.err).toContain('1 passed')
    expect(ran.code).toBe(0)
    expect(readFileSync(config(), 'utf8')).toBe(before)
    expect([...ours(), ...records(), ...readdirSync(server.home).filter((name) => name === 'made')]).toEqual([])
  }, 20_000)

  test('are put back by the guardian there when the runner is killed', async () => {
    const run = await begin(waiting)
    run.child.kill('SIGKILL')
    await eventually(() => readFileSync(config(), 'utf8') === before)
    await eventually(() => journals().length === 0)
    expect(records()).not.toEqual([])
    const restored = await runCli(['restore'], { cwd: folder })
    expect(restored.out).toEndWith('nothing is left to restore\n')
    expect([restored.code, ...records()]).toEqual([0])
  }, 20_000)

  test('are put back by `plan restore` when both were killed; a run refuses the dirty host until then', async () => {
    const run = await begin(waiting)
    run.child.kill('SIGSTOP')
    for (const pid of guardians()) process.kill(pid, 'SIGKILL')
    run.child.kill('SIGKILL')
    await run.child.exited
    expect(readFileSync(config(), 'utf8')).not.toBe(before)
    const refused = await plan('  - run: "true"\n')
    expect(refused.out).toContain('is dirty')
    expect(refused.code).toBe(4)
    const listed = await runCli(['restore', '--list'], { cwd: folder })
    expect(listed.out).toContain('config.json')
    expect(listed.code).toBe(4)
    const restored = await runCli(['restore'], { cwd: folder })
    expect(restored.out).toContain('restored: ')
    expect(restored.code).toBe(0)
    expect(readFileSync(config(), 'utf8')).toBe(before)
    expect([...journals(), ...records()]).toEqual([])
  }, 20_000)

  test('are found there when the records of this machine are lost', async () => {
    const kept = await plan(change, ['--keep'])
    expect(kept.out).toContain('plan restore')
    rmSync(join(folder, '.shakedown'), { recursive: true })
    const restored = await runCli(['restore', '--target', 'box'], { cwd: folder })
    expect(restored.out).toContain('restored: ')
    expect(restored.code).toBe(0)
    expect(readFileSync(config(), 'utf8')).toBe(before)
    expect(journals()).toEqual([])
  }, 20_000)

  test('are put back at once when the connection is cut, and nothing more is changed', async () => {
    const run = await begin(`${waiting}  - apply-config: { file: config.json, set: { $.a: 3 } }\n`)
    await server.cut()
    await eventually(() => readFileSync(config(), 'utf8') === before)
    writeFileSync(join(server.home, 'go'), '')
    const code = await run.child.exited
    rmSync(join(server.home, 'go'))
    expect(run.out()).toContain('nothing more is changed')
    expect(code).toBe(3)
    expect(readFileSync(config(), 'utf8')).toBe(before)
    await eventually(() => journals().length === 0)
    expect(records()).toEqual([])
  }, 20_000)

  test('are put back when nothing is heard for longer than the lease', async () => {
    targets(target('    defaults: { lease: 2s }\n'))
    const run = await begin(waiting)
    run.child.kill('SIGSTOP')
    await eventually(() => readFileSync(config(), 'utf8') === before)
    writeFileSync(join(server.home, 'go'), '')
    run.child.kill('SIGCONT')
    await run.child.exited
    rmSync(join(server.home, 'go'))
    await eventually(() => journals().length === 0)
    expect(records()).toEqual([])
  }, 30_000)

  test('are made by one run at a time, from whichever clone of the plans; a killed one is taken over from', async () => {
    const run = await begin(waiting)
    const clone = mkdtempSync('/tmp/sd-ssh-clone-')
    try {
      for (const name of ['targets.yaml', 'plan.yaml']) copyFileSync(join(folder, name), join(clone, name))
      const refused = await runCli(['plan.yaml'], { cwd: clone })
      expect(refused.code).toBe(75)
      expect(refused.out).toMatch(
        new RegExp(`busy: run \\S+ \\(process ${run.child.pid} on ${hostname()}\\) holds it for "plan.yaml"`),
      )
      writeFileSync(
        join(clone, 'plan.yaml'),
        'plan: Reads\ntarget: box\nsteps:\n  - assert: { tcp: "127.0.0.1:22" , expect: { open: false } }\n',
      )
      expect((await runCli(['plan.yaml'], { cwd: clone })).code).toBe(75)
      expect((await runCli(['plan.yaml', '--check'], { cwd: clone })).code).toBe(75)
      run.child.kill('SIGKILL')
      await run.child.exited
      const next = await runCli(['plan.yaml'], { cwd: clone })
      expect(next.out).toMatch(/run \S+ on \S+ held this target for "plan.yaml" and is gone: its lock was taken over/)
      expect(next.out).toContain('1 passed')
    } finally {
      rmSync(clone, { recursive: true, force: true })
    }
    await eventually(() => journals().length === 0)
    expect(existsSync(join(server.home, '.shakedown', 'locks'))).toBe(false)
    await runCli(['restore'], { cwd: folder })
  }, 30_000)

  const guardians = () =>
    journals().flatMap((journal) =>
      readFileSync(join(journal, 'guardians'), 'utf8').split(/\s+/).filter(Boolean).map(Number),
    )

  /** Starts a plan that begins with a change, and comes back when that step is over. */
  const begin = async (steps: string) => {
    writeFileSync(join(folder, 'plan.yaml'), `plan: On a host\ntarget: box\nsteps:\n${steps}`)
    const log = join(folder, 'out')
    const cli = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml', '--output', 'results']
    const child = Bun.spawn(cli, { cwd: folder, stdio: ['ignore', Bun.file(log), Bun.file(`${log}.err`)] })
    const text = (journal: string) => {
      const file = join(journal, 'journal.jsonl')
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    }
    await eventually(
      () => readFileSync(config(), 'utf8') !== before && journals().some((one) => text(one).includes('"applied"')),
    )
    // Behind the change, its step still looks at what it has left.
    await eventually(() => readFileSync(log, 'utf8').includes('✓ apply-config'))
    return { child, out: () => readFileSync(log, 'utf8') + readFileSync(`${log}.err`, 'utf8') }
  }
})

describe('services of a host', () => {
  const marker = () => `${server.folder.split('/').at(-1)}-service`
  const services = () =>
    targets(
      target(`    runtime: process
    services:
      web: { command: [bash, -c, 'exec -a ${marker()} sleep 1000'], env: { A: 1 } }
`),
    )
  const running = () =>
    Bun.spawnSync(['pgrep', '-f', `^${marker()}`])
      .stdout.toString()
      .split('\n')
      .filter(Boolean)
  const left = () => readdirSync(server.home).filter((name) => name === '.shakedown')
  const begin = async () => {
    writeFileSync(
      join(folder, 'plan.yaml'),
      'plan: On a host\ntarget: box\nsteps:\n  - inject-fault: { pause: web }\n  - run: touch here\n    undo: none\n  - wait-for: { file: go, exists: true, within: 60s }\n',
    )
    const cli = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml', '--output', 'results']
    const out = join(folder, 'out')
    const child = Bun.spawn(cli, { cwd: folder, stdio: ['ignore', Bun.file(out), Bun.file(out)] })
    await eventually(() => existsSync(join(server.home, 'here')))
    rmSync(join(server.home, 'here'))
    return { child, out: () => readFileSync(out, 'utf8') }
  }

  test('run there, are broken and put back, and go without a trace', async () => {
    services()
    const ran = await plan(`  - wait-for: { service: web, state: running, within: 5s }
  - run: { command: 'echo "$A $PWD"', in: web }
    expect: { stdout: { contains: '1 ${server.home}/.shakedown/work/' } }
  - inject-fault: { kill: web }
  - assert: { service: web, expect: { state: exited, exit: 137 } }
  - restore: web
  - assert: { service: web, expect: { state: running } }
`)
    expect(ran.out + ran.err).toContain('1 passed')
    expect(ran.code).toBe(0)
    expect([...running(), ...left()]).toEqual([])
  }, 20_000)

  test('are gone when the runner is killed, and so is all that was made there', async () => {
    services()
    const { child } = await begin()
    expect(running().length).toBe(1)
    child.kill('SIGKILL')
    await eventually(() => running().length === 0 && left().length === 0)
    const restored = await runCli(['restore'], { cwd: folder })
    expect([restored.code, ...left()]).toEqual([0])
  }, 30_000)

  test('are gone when the connection is cut, and the run says why it ends', async () => {
    services()
    const { child, out } = await begin()
    await server.cut()
    await eventually(() => running().length === 0 && left().length === 0)
    writeFileSync(join(server.home, 'go'), '')
    const code = await child.exited
    rmSync(join(server.home, 'go'))
    expect(out()).toContain('put everything back')
    expect(code).toBe(3)
    expect(left()).toEqual([])
  }, 30_000)

  test('that can’t be started tell their last words', async () => {
    targets(
      target(
        "    runtime: process\n    services: { web: { command: 'echo no config >&2; exit 3', ready: { tcp: ':1', expect: { open: true } } } }\n",
      ),
    )
    const ran = await plan('  - run: "true"\n')
    expect(ran.out).toContain('web exited with 3 before it was ready')
    expect(ran.out).toContain('no config')
    expect([ran.code, ...left()]).toEqual([3])
  }, 20_000)
})

describeUsers('an ordinary user of a host', () => {
  test('changes what is theirs, under a guardian of their own', async () => {
    await using own = await testServer({ miner: {} })
    const config = join(own.home, 'config.json')
    writeFileSync(config, '{"a":1}')
    const theirs = statSync(own.home)
    chownSync(config, theirs.uid, theirs.gid)
    writeFileSync(join(own.home, 'foreign.json'), '{"a":1}')
    targets(`    ssh:
      host: 127.0.0.1
      user: miner
      port: ${own.port}
      identity: ${own.key}
      known-hosts: ${own.knownHosts}
`)
    const ran = await plan(`  - apply-config: { file: config.json, set: { $.a: 2 } }
  - run: 'ps -o user= -p $(head -n 1 ~/.shakedown/journal/*/guardians)'
    expect: { stdout: { contains: miner } }
`)
    expect(ran.out + ran.err).toContain('1 passed')
    expect(readFileSync(config, 'utf8')).toBe('{"a":1}')
    expect(existsSync(join(own.home, '.shakedown'))).toBe(false)
    const foreign = await plan('  - apply-config: { file: foreign.json, set: { $.a: 2 } }\n')
    expect(foreign.out).toContain("foreign.json can't be written: EPERM")
    expect(foreign.out).not.toContain('a bug of ours')
    expect(foreign.code).toBe(3)
  }, 20_000)
})

describeUsers('a host without room for a journal', () => {
  test.each([
    ['is full', 'size=64k', 'head -c 90000 /dev/zero >fill; true', 'No space left'],
    ['can’t be written', 'ro', 'true', 'Read-only file system'],
  ])('because its disk %s changes nothing, and says so', async (_, disk, first, why) => {
    await using own = await testServer({ disk })
    const shared = join(own.folder, 'shared.json')
    writeFileSync(shared, '{"a":1}')
    targets(`    ssh:
      host: 127.0.0.1
      user: ${own.spec.user}
      port: ${own.port}
      identity: ${own.key}
      known-hosts: ${own.knownHosts}
`)
    const ran = await plan(`  - run: '${first}'
    undo: none
  - apply-config: { file: ${shared}, set: { $.a: 2 } }
`)
    expect(ran.out).toContain(why)
    expect(ran.out).toContain('nothing was changed')
    expect(ran.out).not.toContain('a bug of ours')
    expect([ran.code, readFileSync(shared, 'utf8')]).toEqual([3, '{"a":1}'])
  })
})

async function eventually(holds: () => boolean): Promise<void> {
  const start = performance.now()
  while (!holds()) {
    if (performance.now() - start > 15_000) throw new Error(`it did not come to that: ${holds}`)
    await Bun.sleep(10)
  }
}

describe('what can’t be is said at its line', () => {
  const lint = async (text: string) => {
    targets(text)
    writeFileSync(join(folder, 'plan.yaml'), 'plan: On a host\ntarget: box\nsteps:\n  - run: "true"\n')
    return runCli(['lint', 'plan.yaml'], { cwd: folder })
  }
  test.each([
    ['    jump: elsewhere\n', 'targets.yaml:3', '"jump" is for targets with `ssh:`'],
    ['    ssh: { user: me }\n', 'targets.yaml:3', '"host" is missing'],
    ['    ssh: "me@${{ inputs.host }}"\n', 'targets.yaml:3', 'takes no expressions'],
    ['    ssh: "two words"\n', 'targets.yaml:3', 'is not of the form'],
    ['    ssh: { host: a, prot: 22 }\n', 'targets.yaml:3', 'did you mean "port"'],
  ])('%s', async (text, place, message) => {
    const { out, err, code } = await lint(text)
    expect(out + err).toContain(place)
    expect(out + err).toContain(message)
    expect(code).toBe(2)
  })
})

test('only a host loads what only a host needs', () => {
  const loaded = (...modules: string[]) => {
    const imports = modules.map((module) => `await import('./runner/${module}.ts')`).join('; ')
    const count = "console.log(Object.keys(require.cache).filter((file) => file.includes('node_modules/ssh2/')).length)"
    return Number(Bun.spawnSync(['bun', '-e', `${imports}; ${count}`], { cwd: root }).stdout.toString())
  }
  expect(loaded('commands/main', 'targets/index')).toBe(0)
  expect(loaded('commands/main', 'targets/transport/ssh')).toBeGreaterThan(0)
})
