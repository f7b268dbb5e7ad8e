import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Change, DRIFTED } from '../../../contracts/undo.ts'
import { until } from '../../transport/conformance/run.ts'
import {
  home,
  lives,
  made,
  never,
  onEachMachine,
  pidOf,
  scripts,
  sleeper,
  stateOf,
  up,
  useFolders,
  web,
} from './test-stack.ts'

useFolders()

onEachMachine(() => {
  describe('what is done to a service is undone by its script alone, as often as it is run', () => {
    test('stop: asked to end, then running again', async () => {
      const { runtime } = await up({ node: web })
      const before = await pidOf(runtime, 'node')
      const { undo, verify, evidence, change } = await made(runtime, 'node', (verbs) => verbs.stop())
      expect([change.does, evidence, change.undo?.title]).toEqual([
        'stops node',
        'node exited with 0',
        'node is running',
      ])
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
      await until(() => existsSync(join(runtime.service('node').directory, '../stopping')), 'it was told')
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
})
