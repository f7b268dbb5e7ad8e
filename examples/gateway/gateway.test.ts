/** The gateway as people run it: real processes, real signals, its state and its log. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TOKEN = 'not-a-secret-7f3a9c'
const folder = mkdtempSync(join(tmpdir(), 'shakedown-gateway-'))
const configFile = join(folder, 'config.json')
const original = readFileSync(join(import.meta.dir, 'config.json'), 'utf8')
writeFileSync(join(folder, '.env'), readFileSync(join(import.meta.dir, 'example.env')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface State {
  node: string
  height: number
  uptime: number
  workers: { admitted: number; rejected: number; known: number; turnedAway: number }
  config: { pollMs: number; workers: { limit: number } }
}

describe('a gateway, its node and a worker', () => {
  let node: Running
  let gateway: Running
  let worker: Running

  beforeAll(async () => {
    writeFileSync(configFile, original)
    node = await start('node')
    gateway = await start('gateway', ['--config', configFile], { NODE_URL: node.url })
    worker = await start('worker', ['--env', join(folder, '.env')], { GATEWAY_URL: gateway.url, WORKER: 'w-1' })
    await until(async () => (await state()).workers.admitted === 1)
  })
  afterEach(async () => {
    writeFileSync(configFile, original)
    node.child.kill('SIGCONT')
    await reload()
    await until(async () => (await state()).workers.admitted === 1)
  })
  afterAll(() => stopAll())

  const state = async () => (await (await fetch(`${gateway.url}/api/state`)).json()) as State
  const reload = async () => {
    const before = gateway.lines.length
    gateway.child.kill('SIGHUP')
    await until(() => gateway.lines.slice(before).some((line) => /reloaded|config rejected/.test(line)))
  }
  const submit = (headers: Record<string, string>, body: unknown) =>
    fetch(`${gateway.url}/api/submit`, { method: 'POST', headers, body: JSON.stringify(body) })

  test('the height grows, and the state never shows the token', async () => {
    const { height, uptime } = await state()
    await until(async () => (await state()).height > height)
    expect((await state()).uptime).toBeGreaterThan(uptime)
    expect(JSON.stringify(await state())).not.toContain(TOKEN)
  })

  test('a worker without the token is turned away, and one that does not say its name', async () => {
    expect((await submit({}, { worker: 'x' })).status).toBe(401)
    expect((await submit({ authorization: `Bearer ${TOKEN}` }, {})).status).toBe(400)
    expect((await submit({ authorization: `Bearer ${TOKEN}` }, null)).status).toBe(400)
  })

  test('a frozen node is noticed by the time limit, and is taken back when it goes on', async () => {
    node.child.kill('SIGSTOP')
    await until(async () => (await state()).node === 'down')
    const refused = await submit({ authorization: `Bearer ${TOKEN}` }, { worker: 'w-2' })
    expect([refused.status, await refused.json()]).toEqual([503, { accepted: false, why: 'node is down' }])
    await until(async () => (await state()).workers.rejected >= 1)
    expect((await state()).workers.admitted).toBe(0)
    expect(gateway.lines.join('\n')).toMatch(/WARN {2}gateway node does not answer in_a_row=3 why=TimeoutError/)
    await until(() => worker.lines.some((line) => line.includes('turned away: 503 node is down')))
    node.child.kill('SIGCONT')
    await until(async () => (await state()).node === 'up')
  })

  test('a reload takes effect without a restart', async () => {
    const { uptime } = await state()
    writeFileSync(configFile, original.replace('"limit": 5', '"limit": 0'))
    await reload()
    await until(async () => (await state()).workers.admitted === 0)
    const after = await state()
    expect(after.config.workers.limit).toBe(0)
    expect(after.uptime).toBeGreaterThan(uptime)
  })

  test('a config that can not be used is told of, and changes nothing', async () => {
    for (const [text, why] of [
      ['{ "pollMs": ', 'JSON'],
      ['[]', 'the file must be a mapping'],
      [original.replace('100', '"often"'), 'pollMs must be a number from 1'],
      [original.replace('5', '-1'), 'limit must be a number from 0'],
    ] as const) {
      writeFileSync(configFile, text)
      await reload()
      expect(gateway.lines.at(-1)).toMatch(/ ERROR gateway config rejected /)
      expect(gateway.lines.at(-1)).toContain(why)
      expect((await state()).config).toMatchObject({ pollMs: 100, workers: { limit: 5 } })
    }
  })

  test('a worker that falls silent is forgotten, so that its place is free', async () => {
    await until(async () => (await state()).workers.known === 1)
    await submit({ authorization: `Bearer ${TOKEN}` }, { worker: 'short-lived' })
    expect((await state()).workers.known).toBe(2)
    await until(async () => (await state()).workers.known === 1)
    expect(gateway.lines.at(-1)).toContain('worker is gone worker=short-lived')
  })
})

describe('how processes end', () => {
  afterEach(() => stopAll())

  test('a port that is taken is told in one line', async () => {
    const first = await start('node')
    const second = spawn('node', [], { PORT: new URL(first.url).port })
    expect(await second.ended).toBe(1)
    expect(second.lines).toHaveLength(1)
    expect(second.lines[0]).toContain('ERROR node can not listen')
  })

  test('a gateway without a token does not start, and says why', async () => {
    const gateway = spawn('gateway', ['--config', join(import.meta.dir, 'config.json')], {
      NODE_URL: 'http://127.0.0.1:1',
    })
    expect(await gateway.ended).toBe(1)
    expect(gateway.lines[0]).toContain('ERROR gateway config rejected')
  })

  test('SIGTERM ends each with 0 and a last line, though clients hold connections open', async () => {
    const node = await start('node')
    const gateway = await start('gateway', ['--config', configFile], { NODE_URL: node.url })
    await (await fetch(`${gateway.url}/health`)).text()
    for (const one of [gateway, node]) {
      one.child.kill('SIGTERM')
      expect(await one.ended).toBe(0)
      expect(one.lines.at(-1)).toContain('stopping')
    }
  })
})

interface Running {
  readonly child: Bun.Subprocess
  /** What it logged so far. */
  readonly lines: string[]
  url: string
  /** Its exit code, once its log was read to the end. */
  ended: Promise<number>
}

const running: Running[] = []

function spawn(name: string, args: readonly string[] = [], env: Record<string, string> = {}): Running {
  const child = Bun.spawn(['bun', '--no-env-file', join(import.meta.dir, `${name}.ts`), ...args], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const one: Running = { child, lines: [], url: '', ended: Promise.resolve(0) }
  const drained = collect(child.stdout, one.lines)
  one.ended = drained.then(() => child.exited)
  running.push(one)
  return one
}

/** Up as soon as it says where it listens, or, as a worker does not, that it began. */
async function start(name: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Running> {
  const one = spawn(name, args, env)
  await until(() => one.lines.some((line) => /listening|submitting/.test(line)))
  one.url = `http://127.0.0.1:${/ port=(\d+)/.exec(one.lines.join('\n'))?.[1]}`
  return one
}

async function collect(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  let rest = ''
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  }
}

async function stopAll(): Promise<void> {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`still not so after 15 s: ${holds}`)
    await Bun.sleep(10)
  }
}
