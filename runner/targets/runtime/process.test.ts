import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../transport/conformance/run.ts'
import { base, home, lives, never, opened, pidOf, sleeper, up, useFolders, web } from './process/test-stack.ts'
import { processRuntime } from './process.ts'

useFolders()

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
    for (const one of processesWith(stack)) process.kill(one, 'SIGKILL')
    await until(() => processesWith(stack).length === 0, 'they are gone')
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
