/** The connection is cut in the middle of each kind of step: the host is as it was, nothing of ours runs on it, and the run says why. */
import { afterAll, beforeAll, expect } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../targets/transport/conformance/run.ts'
import { describeSsh, type TestServer, testServer, testSsh } from '../targets/transport/ssh/testing.ts'
import { root } from './testing.ts'

const BEFORE = '{"a":   1}'
/** No other command on this machine sleeps for so long. */
const LONG = `31${process.pid}`

let folder = ''
let server: TestServer
let web: ReturnType<typeof Bun.serve>

describeSsh('a connection that is cut', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shakedown-cut-'))
    server = await testServer()
    web = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      // The first request is answered when nobody hears it any more: its connection is cut.
      fetch: async ({ signal }) => {
        const begun = join(server.home, 'begun')
        if (existsSync(begun)) return new Response('again')
        const cut = new Promise((resolve) => signal.addEventListener('abort', resolve))
        writeFileSync(begun, '')
        await cut
        return new Response('late')
      },
    })
    // A service that takes its time to end, and says when it was asked to.
    const command = ['sh', '-c', `trap 'touch ~/begun' TERM; while :; do sleep 0.05; done; : ${LONG}`]
    const ssh = {
      host: '127.0.0.1',
      user: server.spec.user,
      port: server.port,
      identity: server.key,
      'known-hosts': server.knownHosts,
    }
    const services = { web: { command, stop: { grace: '2s' } } }
    writeFileSync(
      join(folder, 'targets.yaml'),
      JSON.stringify({ targets: { box: { runtime: 'process', services, ssh } } }),
    )
  })
  afterAll(async () => {
    await web.stop(true)
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const slow = `touch begun; sleep ${LONG}`
  const waiting = 'run: touch begun\n    undo: none\n  - '
  testSsh.each([
    ['run', `run: '${slow}'`],
    ['assert', `assert: { run: '${slow}', expect: { exit: 0 } }`],
    ['apply-config', `apply-config: { file: config.json, set: { $.b: 1 }, then: ['[ -e begun ] || { ${slow}; }'] }`],
    ['http', 'http: "http://127.0.0.1:PORT/"'],
    ['wait-for', `${waiting}wait-for: { file: never, exists: true, within: 3s }`],
    ['hold', `${waiting}hold: { file: never, exists: false, for: 3s }`],
    ['sleep', `${waiting}sleep: 3s`],
    ['inject-fault', 'inject-fault: { stop: web }'],
    ['service', 'service: { restart: web }'],
    [
      'restore',
      `run: touch made\n    undo: '${slow.replace(LONG, '1')}; rm -f made'\n    verify: '[ ! -e made ]'\n  - restore: all`,
    ],
  ])(
    'in %s',
    async (_, step) => {
      writeFileSync(join(server.home, 'config.json'), BEFORE)
      const { child, out } =
        begin(`  - apply-config: { file: config.json, set: { $.a: 2 } }\n  - ${step.replace('PORT', String(web.port))}
  - apply-config: { file: config.json, set: { $.a: 3 } }\n`)
      await until(() => existsSync(join(server.home, 'begun')), 'the step has begun')
      await server.cut()
      const code = await child.exited
      await until(() => !existsSync(join(server.home, '.shakedown')), 'the guardian is done')
      expect([code === 1 || code === 3 ? 'not passed' : code, out()]).toEqual([
        'not passed',
        expect.stringMatching(/cut|guardian/),
      ])
      expect(out()).not.toContain('a bug of ours')
      expect(readFileSync(join(server.home, 'config.json'), 'utf8')).toBe(BEFORE)
      const left = readdirSync(server.home).filter((name) => !['.bashrc', 'config.json', 'begun'].includes(name))
      expect([...left, ...running()]).toEqual([])
      rmSync(join(server.home, 'begun'))
    },
    60_000,
  )
})

const running = () => Bun.spawnSync(['pgrep', '-f', LONG]).stdout.toString().split('\n').filter(Boolean)

function begin(steps: string) {
  writeFileSync(join(folder, 'plan.yaml'), `plan: On a host\ntarget: box\nsteps:\n${steps}`)
  const file = join(folder, 'out')
  const cli = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml', '--output', 'results']
  const child = Bun.spawn(cli, { cwd: folder, stdio: ['ignore', Bun.file(file), Bun.file(file)] })
  return { child, out: () => readFileSync(file, 'utf8') }
}
