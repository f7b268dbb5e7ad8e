import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, RuntimeHost, Verbs } from '../../contracts/target.ts'
import { type Change, DRIFTED } from '../../contracts/undo.ts'
import { run, until } from '../transport/conformance/run.ts'
import { localTransport } from '../transport/local.ts'
import { answers, testHost } from './process/test-host.ts'
import { processRuntime } from './process.ts'

const SERVICE = join(import.meta.dir, 'process/testdata/service.ts')
const transport = localTransport()
const never = new AbortController().signal
const sleeper = { command: ['sleep', '1000'] }
const web = { command: ['bun', SERVICE], port: 'auto', ready: {} }

let base = ''
let home = ''
let journal = ''
let entries = 0
let open: Runtime[] = []

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sd process it’s-'))
  for (const name of ['home', 'journal']) mkdirSync(join(base, name))
  home = join(base, 'home')
  journal = join(base, 'journal')
  open = []
})
afterEach(async () => {
  for (const runtime of open) await runtime[Symbol.asyncDispose]()
  rmSync(base, { recursive: true, force: true })
})

/** Opens a runtime, without starting anything. */
async function opened(services: object, more: { ready?: RuntimeHost['ready']; defaults?: object } = {}) {
  const folder = mkdtempSync(join(base, 'work-'))
  const host = testHost({
    folder,
    home,
    ready:
      more.ready ??
      (async (name) => ({ holds: await answers(runtime.service(name).names().port ?? 0), says: 'nothing listens' })),
  })
  const runtime: Runtime = await processRuntime.open({ services, defaults: more.defaults }, transport, host)
  open.push(runtime)
  return { runtime, host, stack: join(folder, 'services') }
}

async function up(...parameters: Parameters<typeof opened>) {
  const { runtime, host, stack } = await opened(...parameters)
  const change = (await runtime.up()) as Change
  const down = scripts(change)
  await change.apply(never)
  return { runtime, host, stack, down }
}

/** Writes an undo as the journal does; it is run by `sh` in a fresh process. */
function scripts({ undo }: Change) {
  const at = join(journal, String(++entries).padStart(4, '0'))
  writeFileSync(`${at}.sh`, `${undo?.sh}\n`)
  writeFileSync(`${at}.verify`, `${undo?.verify}\n`)
  const runFile = (path: string) => run(transport, { argv: ['sh', path] }, { cwd: '/' })
  return { undo: () => runFile(`${at}.sh`), verify: () => runFile(`${at}.verify`) }
}

/** Journals, makes and waits for the effect, as the engine does. */
async function made(runtime: Runtime, service: string, make: (verbs: Verbs) => Promise<Change>) {
  const change = await make(runtime.service(service).verbs as Verbs)
  const written = scripts(change)
  await change.apply(never)
  let evidence = ''
  await until(async () => {
    const seen = await change.inEffect?.(never)
    if (seen?.yes) evidence = seen.evidence
    return seen?.yes === true
  }, change.does)
  return { change, evidence, ...written }
}

const pidOf = async (runtime: Runtime, name: string) => (await runtime.service(name).state()).pid ?? 0
const stateOf = async (runtime: Runtime, name: string) => (await runtime.service(name).state()).state

/** Zombies count as dead. */
function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

/** Those of this test alone: the path is its own. */
function processesWith(argument: string): number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)
    } catch {
      return false
    }
  })
}

describe('a stack of processes', () => {
  test('comes up with its names, ports, files and environment, and goes without a trace', async () => {
    writeFileSync(join(home, 'config.json'), '{"a":1}')
    const { runtime, down } = await up({
      node: { ...web, env: { GREETING: 'it’s "$HOME"' }, files: { 'etc/config.json': 'config.json' } },
      reader: {
        command: ['sh', '-c', 'echo "$URL" "$PWD"; exec sleep 1000'],
        env: { URL: '${{ services.node.url }}' },
      },
    })
    const node = runtime.service('node')
    const { url, port, directory, pid } = node.names()
    expect(url).toBe(`http://127.0.0.1:${port}`)
    expect(await (await fetch(url ?? '')).text()).toBe('it’s "$HOME"')
    expect(readFileSync(join(directory, 'etc/config.json'), 'utf8')).toBe('{"a":1}')
    expect(await node.endpoint()).toEqual({ host: '127.0.0.1', port: port ?? 0 })
    expect(await runtime.service('reader').logs()).toEqual([`${url} ${home}`])
    const inside = await node.exec({ sh: 'echo $GREETING $PORT; pwd' }, {}, never)
    expect(Buffer.from(inside.stdout).toString()).toBe(`it’s "$HOME" ${port}\n${directory}\n`)
    const readers = await pidOf(runtime, 'reader')
    expect((await down.verify()).code).toBe(1)
    for (let round = 0; round < 3; round++) expect(await down.undo()).toMatchObject({ code: 0, err: '' })
    expect((await down.verify()).code).toBe(0)
    expect([lives(pid ?? 0), lives(readers)]).toEqual([false, false])
    expect(await node.logs()).toContain('told to stop')
  })
  test('starts a service once those that it is made with are ready', async () => {
    const asked: string[] = []
    await up(
      {
        first: { ...sleeper, port: 'auto', ready: {} },
        second: { ...sleeper, env: { A: '${{ services.first.url }}' }, ready: {} },
        third: { ...sleeper, ready: {} },
      },
      {
        ready: async (name) => {
          asked.push(name)
          return { holds: asked.filter((one) => one === name).length > 2, says: 'not yet' }
        },
      },
    )
    expect(asked.indexOf('second')).toBeGreaterThan(asked.lastIndexOf('first'))
    expect(asked.indexOf('third')).toBeLessThan(asked.lastIndexOf('first'))
  })
  test('of several runs at once has ports of its own', async () => {
    const stacks = await Promise.all(
      Array.from({ length: 5 }, () => opened({ a: { ...sleeper, port: 'auto' }, b: { ...sleeper, port: 'auto' } })),
    )
    for (const { runtime } of stacks) await runtime.up()
    const ports = stacks.flatMap(({ runtime }) => ['a', 'b'].map((name) => runtime.service(name).names().port))
    expect(new Set(ports).size).toBe(10)
  })
  test('takes grandchildren along, also those in a session of their own', async () => {
    const { runtime, down } = await up({
      node: {
        command: ['sh', '-c', 'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; trap "" TERM; wait'],
        stop: { grace: '100ms' },
      },
    })
    await until(async () => (await runtime.service('node').logs()).length === 2, 'both are there')
    const pids = (await runtime.service('node').logs()).map(Number)
    expect(pids.map(lives)).toEqual([true, true])
    expect((await down.undo()).code).toBe(0)
    expect((await down.verify()).code).toBe(0)
    await until(() => !pids.some(lives), 'both are gone')
  })
  test.each([false, true])(
    'is gone when its runner is killed, also when its supervisor was before: %p',
    async (before) => {
      const folder = mkdtempSync(join(base, 'work-'))
      const config = JSON.stringify({
        services: {
          a: sleeper,
          b: { command: ['sh', '-c', 'trap "" TERM; setsid sleep 1000'], stop: { grace: '100ms' } },
        },
      })
      const owner = Bun.spawn(['bun', join(import.meta.dir, 'process/testdata/owner.ts'), folder, home, config], {
        stdout: 'pipe',
      })
      let said = ''
      for await (const chunk of owner.stdout) {
        said += Buffer.from(chunk).toString()
        if (said.includes('up')) break
      }
      const pids = said.split('\n').slice(0, 2).map(Number)
      expect(pids.map(lives)).toEqual([true, true])
      const supervisor = Number(readFileSync(join(folder, 'services/.supervisor'), 'utf8').split(' ')[0])
      if (before) process.kill(supervisor, 'SIGKILL')
      owner.kill('SIGKILL')
      await until(() => !pids.some(lives), 'the services are gone')
      await until(() => !lives(supervisor), 'the supervisor is gone')
    },
  )
  test('is taken down by its undo when its supervisor and all that belongs to it was killed', async () => {
    const { runtime, down, stack } = await up({ node: sleeper })
    const pid = await pidOf(runtime, 'node')
    for (const one of processesWith(join(stack, '.supervisor.sh'))) process.kill(one, 'SIGKILL')
    await until(() => processesWith(join(stack, '.supervisor.sh')).length === 0, 'they are gone')
    expect([lives(pid), (await down.verify()).code]).toEqual([true, 1])
    expect((await down.undo()).code).toBe(0)
    expect((await down.verify()).code).toBe(0)
    expect(lives(pid)).toBe(false)
  })
  test('goes when the runtime is closed, and stays when it is kept', async () => {
    const gone = await up({ node: sleeper })
    const pid = await pidOf(gone.runtime, 'node')
    await gone.runtime[Symbol.asyncDispose]()
    expect(lives(pid)).toBe(false)
    const kept = await up({ node: sleeper })
    await kept.runtime.keep?.()
    await kept.runtime[Symbol.asyncDispose]()
    const stays = await pidOf(kept.runtime, 'node')
    expect(lives(stays)).toBe(true)
    expect((await kept.down.undo()).code).toBe(0)
    expect(lives(stays)).toBe(false)
  })
  test('has no process when the target declares no services', async () => {
    expect(await (await opened({})).runtime.up()).toBeUndefined()
    expect(processRuntime.owned?.({})).toBe(false)
  })
})

describe('a stack that does not come up', () => {
  const failing = async (...parameters: Parameters<typeof up>) => {
    const { runtime } = await opened(...parameters)
    const change = await runtime.up()
    return change?.apply(never).catch((error) => error)
  }
  test('tells of the service that exited, with its last words', async () => {
    const error = await failing({
      node: { command: ['sh', '-c', 'echo bad config >&2; exit 3'], ready: {}, port: 'auto' },
    })
    expect(error).toMatchObject({ is: 'target', message: 'node exited with 3 before it was ready' })
    expect(error.details.logs).toEqual([{ service: 'node', lines: ['bad config'] }])
  })
  test('tells of a command that is not there, also without `ready`', async () => {
    const error = await failing({ node: { command: ['no-such-command'] } })
    expect(error.message).toBe('node exited with 127 before it was ready')
    expect(error.details.logs[0].lines[0]).toContain('no-such-command')
  })
  test('tells of a port in use', async () => {
    const taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const error = await failing(
      { node: { ...web, port: taken.port } },
      { ready: async () => ({ holds: false, says: 'no' }) },
    )
    expect(error.message).toBe('node exited with 1 before it was ready')
    expect(error.details.logs[0].lines.join('\n')).toContain('in use')
    await taken.stop()
  })
  test('tells what is missing when the time is over', async () => {
    const ready = async () => ({ holds: false, says: 'status is 503, expected 200' })
    const error = await failing({ node: { ...sleeper, ready: {} } }, { ready, defaults: { up: '120ms' } })
    expect(error.message).toBe('node was not ready within 120ms: status is 503, expected 200')
  })
  test('tells of a file that is not there, and of one that leaves the folder', async () => {
    expect((await failing({ node: { ...sleeper, files: { a: 'none' } } })).message).toStartWith(
      "none can't be copied for node",
    )
    expect((await failing({ node: { ...sleeper, files: { '../a': 'none' } } })).message).toBe(
      '"../a" of node leaves its folder',
    )
  })
})

describe('the state of a service', () => {
  test('is created, running, paused and exited with its code', async () => {
    const { runtime } = await opened({ node: { command: ['sh', '-c', 'exec sleep 1000'] } })
    expect(await stateOf(runtime, 'node')).toBe('created')
    await (await runtime.up())?.apply(never)
    const state = await runtime.service('node').state({ health: true })
    expect(state).toMatchObject({ state: 'running', health: 'none', restarts: 0 })
    expect(state.memory).toBeGreaterThan(50_000)
    expect(state.user).toBe(Bun.env['USER'] ?? state.user ?? '')
    await made(runtime, 'node', (verbs) => verbs.pause())
    expect(await runtime.service('node').state({ health: true })).toMatchObject({
      state: 'paused',
      health: 'unhealthy',
    })
    await made(runtime, 'node', (verbs) => verbs.kill('KILL'))
    expect(await runtime.service('node').state()).toMatchObject({ state: 'exited', exit: 137, pid: undefined })
  })
  test('has the health that `ready` tells: starting until it was ready once', async () => {
    let holds = true
    const { runtime } = await up({ node: { ...sleeper, ready: {} } }, { ready: async () => ({ holds, says: '' }) })
    const health = async () => (await runtime.service('node').state({ health: true })).health
    expect(await health()).toBe('healthy')
    holds = false
    expect(await health()).toBe('unhealthy')
    await made(runtime, 'node', (verbs) => verbs.restart())
    expect(await health()).toBe('starting')
  })
  test('wakes who watches within 5 ms of an exit', async () => {
    const { runtime } = await up({ node: sleeper })
    const late: number[] = []
    for (let round = 0; round < 5; round++) {
      const told = Promise.withResolvers<string>()
      const watching = await runtime.service('node').watch((because) => {
        if (because.includes('exited')) told.resolve(because)
      })
      const start = performance.now()
      process.kill(await pidOf(runtime, 'node'), 'SIGKILL')
      expect(await told.promise).toBe('node exited with 137')
      late.push(performance.now() - start)
      await watching[Symbol.asyncDispose]()
      await made(runtime, 'node', (verbs) => verbs.start())
    }
    // The best of five: two cores are shared with others.
    expect(Math.min(...late)).toBeLessThan(5)
  })
  test('of its log: lines since a mark, and the last ones', async () => {
    const { runtime } = await up({ node: { command: ['sh', '-c', 'echo one; echo two; exec sleep 1000'] } })
    const node = runtime.service('node')
    await until(async () => (await node.logs()).length === 2, 'two lines')
    expect(await node.logs({ last: 1 })).toEqual(['two'])
    const mark = await node.logMark()
    expect(await node.logs({ since: mark })).toEqual([])
  })
  test('log lines wake who watches them', async () => {
    const { runtime } = await up({ node: web })
    const told = Promise.withResolvers<string>()
    const mark = await runtime.service('node').logMark()
    const watching = await runtime.service('node').watchLogs(told.resolve)
    await fetch(`${runtime.service('node').names().url}/x`)
    expect(await told.promise).toBe('node logged a line')
    expect(await runtime.service('node').logs({ since: mark })).toEqual(['asked for /x'])
    await watching[Symbol.asyncDispose]()
  })
})

describe('what is done to a service is undone by its script alone, as often as it is run', () => {
  test('stop: asked to end, then running again', async () => {
    const { runtime } = await up({ node: web })
    const before = await pidOf(runtime, 'node')
    const { undo, verify, evidence, change } = await made(runtime, 'node', (verbs) => verbs.stop())
    expect([change.does, evidence, change.undo?.title]).toEqual(['stops node', 'node exited with 0', 'node is running'])
    expect(await runtime.service('node').logs()).toContain('told to stop')
    expect((await verify()).code).toBe(1)
    expect(await undo()).toMatchObject({ code: 0, err: '' })
    const after = await pidOf(runtime, 'node')
    expect(after).not.toBe(before)
    for (let round = 0; round < 2; round++) expect((await undo()).code).toBe(0)
    expect(await pidOf(runtime, 'node')).toBe(after)
    expect((await verify()).code).toBe(0)
  })
  test('stop: what does not end in its grace is killed, with all of its group', async () => {
    const { runtime } = await up({
      node: { command: ['sh', '-c', 'trap "" TERM; sleep 1000 & echo $!; wait'], stop: { grace: '100ms' } },
    })
    await until(async () => (await runtime.service('node').logs()).length === 1, 'its child is there')
    const child = Number((await runtime.service('node').logs())[0])
    const { evidence } = await made(runtime, 'node', (verbs) => verbs.stop())
    expect(evidence).toBe('node exited with 137')
    await until(() => !lives(child), 'its child is gone')
  })
  test('stop that was ended in the middle: the undo does not take the dying one for running', async () => {
    const { runtime } = await up({ node: { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'] } })
    const before = await pidOf(runtime, 'node')
    const change = (await runtime.service('node').verbs.stop?.()) as Change
    const { undo, verify } = scripts(change)
    const controller = new AbortController()
    const stopping = change.apply(controller.signal).catch(() => 'given up')
    await until(
      () => existsSync(join(open[0] ? runtime.service('node').directory.replace(/files$/, 'stopping') : '')),
      'it was told',
    )
    controller.abort(new Error('given up'))
    expect(await stopping).toBe('given up')
    expect((await undo()).code).toBe(0)
    expect((await verify()).code).toBe(0)
    const after = await pidOf(runtime, 'node')
    expect(after).not.toBe(before)
    process.kill(-after, 'SIGKILL')
  })
  test('kill: with the signal asked for', async () => {
    const { runtime } = await up({ node: sleeper })
    for (const [name, exit] of [
      ['KILL', 137],
      ['SIGINT', 130],
      ['term', 143],
    ] as const) {
      const { undo, verify, evidence } = await made(runtime, 'node', (verbs) => verbs.kill(name))
      expect(evidence).toBe(`node exited with ${exit}`)
      expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    }
  })
  test('pause: the whole group is frozen, and goes on', async () => {
    const { runtime } = await up({ node: { command: ['sh', '-c', 'sleep 1000 & echo $!; wait'] } })
    await until(async () => (await runtime.service('node').logs()).length === 1, 'its child is there')
    const child = (await runtime.service('node').logs())[0]
    const stat = () => readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[2]
    const { undo, verify } = await made(runtime, 'node', (verbs) => verbs.pause())
    await until(() => stat() === 'T', 'its child is frozen')
    expect((await verify()).code).toBe(1)
    const because: string[] = []
    const watching = await runtime.service('node').watch((word) => void because.push(word))
    for (let round = 0; round < 3; round++) expect((await undo()).code).toBe(0)
    await until(() => stat() !== 'T', 'its child goes on')
    expect(await stateOf(runtime, 'node')).toBe('running')
    expect((await verify()).code).toBe(0)
    await until(() => because.includes('node continued'), 'who watches is told')
    await watching[Symbol.asyncDispose]()
  })
  test('pause: another process in its place is left alone, and none at all is reported', async () => {
    const { runtime } = await up({ node: sleeper })
    const pause = await made(runtime, 'node', (verbs) => verbs.pause())
    const kill = await made(runtime, 'node', (verbs) => verbs.kill('KILL'))
    expect(await pause.undo()).toMatchObject({ code: DRIFTED, err: 'node exited while it was paused\n' })
    expect((await kill.undo()).code).toBe(0)
    expect([(await pause.undo()).code, (await pause.verify()).code]).toEqual([0, 0])
  })
  test('start: what was down is stopped again; what runs already stays', async () => {
    const { runtime } = await up({ node: sleeper })
    const nothing = await made(runtime, 'node', (verbs) => verbs.stop())
    const { undo, verify, evidence } = await made(runtime, 'node', (verbs) => verbs.start())
    expect(evidence).toStartWith('node runs as process')
    const again = (await runtime.service('node').verbs.start?.()) as Change
    expect([again.undo, again.without]).toEqual([undefined, 'not-needed'])
    for (let round = 0; round < 3; round++) expect((await undo()).code).toBe(0)
    expect((await verify()).code).toBe(0)
    expect(await stateOf(runtime, 'node')).toBe('exited')
    expect((await nothing.undo()).code).toBe(0)
  })
  test('start that fails tells how, and the undo says so each time', async () => {
    writeFileSync(join(home, 'run.sh'), 'test ! -e broken || { echo broken; exit 4; }; exec sleep 1000')
    const { runtime } = await up({ node: { command: ['sh', 'run.sh'] } })
    const { undo } = await made(runtime, 'node', (verbs) => verbs.kill('KILL'))
    writeFileSync(join(home, 'broken'), '')
    // It may be seen alive for a moment; by the second look it is known to have ended.
    await undo()
    await until(async () => (await runtime.service('node').state()).exit === 4, 'it ended at once')
    rmSync(join(home, 'broken'))
    expect((await undo()).code).toBe(0)
    expect(await stateOf(runtime, 'node')).toBe('running')
  })
  test('restart: another process, and nothing to put back', async () => {
    const { runtime } = await up({ node: sleeper })
    const before = await runtime.service('node').state()
    const { change } = await made(runtime, 'node', (verbs) => verbs.restart())
    const after = await runtime.service('node').state()
    expect([change.undo, change.without]).toEqual([undefined, 'not-needed'])
    expect(after.startedAt).not.toBe(before.startedAt)
  })
  test('signal: reaches the service, and is no fault', async () => {
    const { runtime } = await up({ node: web })
    const { change } = await (async () => {
      const change = (await runtime.service('node').verbs.signal?.('HUP')) as Change
      await change.apply(never)
      return { change }
    })()
    expect(change.without).toBe('not-needed')
    await until(async () => (await runtime.service('node').logs()).includes('reloaded'), 'it reloads')
    const unknown = await runtime
      .service('node')
      .verbs.signal?.('NOPE')
      .catch((error) => error)
    expect(unknown).toMatchObject({ is: 'check', message: 'there is no signal "NOPE"' })
  })
  test('of a stack that is gone nothing is left to undo', async () => {
    const { runtime, down } = await up({ node: sleeper, other: sleeper })
    const faults = [
      await made(runtime, 'node', (verbs) => verbs.stop()),
      await made(runtime, 'other', (verbs) => verbs.pause()),
    ]
    expect((await down.undo()).code).toBe(0)
    for (const { undo, verify } of faults) expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
  })
  test('what does not run can’t be broken', async () => {
    const { runtime } = await up({ node: sleeper })
    await made(runtime, 'node', (verbs) => verbs.stop())
    const error = await runtime
      .service('node')
      .verbs.pause?.()
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ is: 'check', message: 'node is not running' })
  })
})
