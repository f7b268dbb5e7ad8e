/** Plans on a host that is reached over SSH: an OpenSSH server on loopback. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keygen, type TestServer, testServer } from '../targets/transport/ssh/testing.ts'
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

describe('what can’t be is said at its line', () => {
  const lint = async (text: string) => {
    targets(text)
    writeFileSync(join(folder, 'plan.yaml'), 'plan: On a host\ntarget: box\nsteps:\n  - run: "true"\n')
    return runCli(['lint', 'plan.yaml'], { cwd: folder })
  }
  test.each([
    ['    ssh: box\n    services: { web: { command: [x] } }\n', 'targets.yaml:4', 'not built yet'],
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
