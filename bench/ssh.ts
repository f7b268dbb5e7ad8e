/** What the tool costs over SSH, beside the same by hand; nothing where there is no OpenSSH server. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'ssh2'
import type { Transport } from '../runner/contracts/transport.ts'
import { exchange } from '../runner/targets/http/client.ts'
import { type TestServer, testServer } from '../runner/targets/transport/ssh/testing.ts'
import { sshTransport } from '../runner/targets/transport/ssh.ts'
import { fastest, median } from './measure.ts'
import { type Line, megabytes } from './row.ts'

const ROUNDS = 50
const STEPS = 1_000
/** What a login shell often does: it takes its time, and prints. */
const HEAVY = 'echo "Welcome to the machine"; sleep 0.05\n'

export async function* overSsh(cli: string, folder: string): AsyncGenerator<Line> {
  if (!existsSync('/usr/sbin/sshd')) {
    yield { note: 'over SSH: not measured, there is no /usr/sbin/sshd here' }
    return
  }
  await using server = await testServer({ bashrc: HEAVY })
  yield* oneCommand(server)
  yield* wholePlans(server, cli, folder)
}

async function* oneCommand(server: TestServer): AsyncGenerator<Line> {
  await using transport = await sshTransport(server.spec)
  const never = new AbortController().signal
  const what = '`sh -c true` over SSH'
  const value = await median(() => transport.exec({ argv: ['sh', '-c', 'true'] }, { cwd: '/' }, never), ROUNDS)
  const ssh = ['ssh', ...optionsOf(server), `${server.spec.user}@127.0.0.1`]
  const each = await median(() => Bun.$`${ssh} sh -c true`.quiet(), 5)
  yield { what, value, unit: 'ms', beside: { what: 'ssh each time', value: each }, goal: { of: 'value', most: 5 } }
  const shared = [...ssh.slice(0, 1), '-o', 'ControlMaster=auto', '-o', `ControlPath=${server.folder}/master`]
  shared.push('-o', 'ControlPersist=10', ...ssh.slice(1))
  const master = await median(() => Bun.$`${shared} sh -c true`.quiet(), 10)
  yield { what, value, unit: 'ms', beside: { what: 'ssh with ControlMaster', value: master } }
  await Bun.$`${shared} -O exit`.quiet().nothrow()
  const plain = await plainExec(server)
  yield { what, value, unit: 'ms', beside: { what: 'plain ssh2 exec', value: plain }, goal: { of: 'ratio', most: 0.1 } }
  yield await tunnelled(transport)
}

/** A channel of its own for each command, and so a login shell, too. */
async function plainExec(server: TestServer): Promise<number> {
  const client = new Client()
  const ready = new Promise<void>((resolve, reject) => client.once('ready', () => resolve()).once('error', reject))
  const privateKey = await Bun.file(server.key).text()
  client.connect({ host: '127.0.0.1', port: server.port, username: server.spec.user ?? 'root', privateKey })
  await ready
  const once = () =>
    new Promise<void>((resolve, reject) =>
      client.exec('sh -c true', (error, channel) => {
        if (error) return reject(error)
        channel.on('close', () => resolve()).resume()
        channel.stderr.resume()
      }),
    )
  const took = await median(once, 10)
  client.end()
  return took
}

async function tunnelled(transport: Transport): Promise<Line> {
  const web = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up: true }) })
  try {
    const { hostname, port, host } = new URL(web.url)
    const way = { transport, to: { host: hostname, port: Number(port) } }
    const ask = { method: 'GET', path: '/', headers: { host }, body: null }
    const never = new AbortController().signal
    const through = async () => (await exchange(way, ask, never)).body.json()
    const value = await median(through, ROUNDS)
    const bare = await median(async () => (await fetch(web.url)).json(), ROUNDS)
    return { what: 'a request through the host', value, unit: 'ms', beside: { what: 'without SSH', value: bare } }
  } finally {
    await web.stop(true)
  }
}

async function* wholePlans(server: TestServer, cli: string, folder: string): AsyncGenerator<Line> {
  const at = join(folder, 'ssh')
  await Bun.write(join(at, 'targets.yaml'), targetsOf(server))
  const run = (plans: readonly string[], ...flags: string[]) =>
    fastest(['bun', '--no-env-file', cli, ...plans, '--quiet', ...flags], { cwd: at, runs: 1 })
  const [many, few] = [await run([planOf(at, 'many', STEPS)]), await run([planOf(at, 'few', STEPS / 10)])]
  const memory = { what: `${STEPS / 10} steps`, value: megabytes(few.peak) }
  yield {
    what: `${STEPS} steps over SSH`,
    value: many.took,
    unit: 'ms',
    beside: { what: `${STEPS / 10} × 10`, value: few.took * 10 },
  }
  yield { what: `memory of ${STEPS} steps over SSH: flat?`, value: megabytes(many.peak), unit: 'MB', beside: memory }
  const cases = Array.from({ length: 8 }, (_, index) => planOf(at, `case-${index}`, 50))
  const atOnce = await run(cases, '--workers', '8')
  const inTurn = await run(cases)
  const beside = { what: 'one after another', value: inTurn.took }
  yield { what: '8 cases of 50 steps on one connection', value: atOnce.took, unit: 'ms', beside }
}

function planOf(folder: string, name: string, steps: number): string {
  const text = `plan: ${name}\ntarget: box\nsteps:\n  - repeat: ${steps}\n    assert: { run: [sh, -c, "true"], expect: { exit: 0 } }\n`
  writeFileSync(join(folder, `${name}.yaml`), text)
  return `${name}.yaml`
}

function targetsOf({ spec, port, key, knownHosts }: TestServer): string {
  const ssh = { host: '127.0.0.1', user: spec.user, port, identity: key, 'known-hosts': knownHosts }
  return JSON.stringify({ targets: { box: { runtime: 'process', ssh } } })
}

function optionsOf({ port, key, knownHosts }: TestServer): string[] {
  return ['-p', `${port}`, '-i', key, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes']
}
