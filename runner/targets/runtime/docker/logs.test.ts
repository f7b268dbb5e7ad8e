import { describe, expect } from 'bun:test'
import type { Service } from '../../../contracts/target.ts'
import { until } from '../../transport/conformance/run.ts'
import { container, engine, made, never, opened, refusal, SLEEPS, useContainers } from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()

/** Opened before it starts, as what it logged earlier is of somebody else's time. */
async function begun(of: Parameters<typeof container>[0]) {
  const name = await container({ ...of, start: false })
  const web = (await opened({ web: { container: name } })).service('web')
  await (await engine()).bytes('POST', `/containers/${name}/start`)
  return { name, web }
}

/** Writes what comes in over a FIFO, so that a test says when. */
const SAYS = ['sh', '-c', 'mkfifo /say; echo up; while :; do . /say; done']
const tell = (of: Service, script: string) =>
  of.exec({ argv: ['sh', '-c', 'printf "%s\\n" "$0" >/say', script] }, {}, never)
const has = (of: Service, line: string) => until(async () => (await of.logs()).includes(line), `it says ${line}`)

describe('logs of a container', () => {
  test('since a mark, the last of them, and all of them', async () => {
    const { web } = await begun({ command: SAYS })
    await has(web, 'up')
    const mark = await web.logMark()
    expect(await web.logs({ since: mark })).toEqual([])
    await tell(web, 'echo one; echo two; echo; echo three')
    await has(web, 'three')
    expect(await web.logs({ since: mark })).toEqual(['one', 'two', '', 'three'])
    expect(await web.logs({ last: 2 })).toEqual(['', 'three'])
    const later = await web.logMark()
    await tell(web, 'echo four')
    await has(web, 'four')
    expect([await web.logs({ since: later }), await web.logs({ since: mark })]).toEqual([
      ['four'],
      ['one', 'two', '', 'three', 'four'],
    ])
    expect((await web.logs()).slice(0, 2)).toEqual(['up', 'one'])
  })
  test('both outputs in the order they came, whatever the clock’s figures', async () => {
    const { web } = await begun({
      command: [
        'sh',
        '-c',
        'for i in 1 2 3 4 5; do echo out $i; sleep 0.02; echo err $i >&2; sleep 0.02; done; sleep 1000',
      ],
    })
    await has(web, 'err 5')
    expect(await web.logs()).toEqual([1, 2, 3, 4, 5].flatMap((i) => [`out ${i}`, `err ${i}`]))
  })
  test('lines longer than Docker’s own pieces stay one line, and odd characters stay what they are', async () => {
    const long = 'x'.repeat(40_000)
    const { web } = await begun({ command: ['sh', '-c', `printf '%s\\n' "$0" 'žluť 😀' "tab\tend"; sleep 1000`, long] })
    await until(async () => (await web.logs()).length >= 3, 'it has spoken')
    const lines = await web.logs()
    expect(lines.map((line) => String(line).length)).toEqual([40_000, 'žluť 😀'.length, 7])
    expect(lines[0] === long).toBe(true)
    expect(lines.slice(1)).toEqual(['žluť 😀', 'tab\tend'])
  })
  test('of one with a terminal', async () => {
    const { web } = await begun({ command: ['sh', '-c', 'echo one; echo two >&2; sleep 1000'], body: { Tty: true } })
    await has(web, 'two')
    expect(await web.logs()).toEqual(['one', 'two'])
  })
  test('go on over a restart, and are there after the end', async () => {
    const { web, name } = await begun({ command: ['sh', '-c', 'echo begun; exec sleep 1000'] })
    await has(web, 'begun')
    const mark = await web.logMark()
    const daemon = await engine()
    await daemon.bytes('POST', `/containers/${name}/restart?t=0`)
    await until(async () => (await web.logs({ since: mark })).length > 0, 'it has begun again')
    expect([await web.logs(), await web.logs({ since: mark })]).toEqual([['begun', 'begun'], ['begun']])
    await daemon.bytes('POST', `/containers/${name}/kill`)
    expect(await web.logs()).toEqual(['begun', 'begun'])
  })
  test('of one that was removed can’t be read, and that is no empty log', async () => {
    const { web, name } = await begun({})
    await has(web, 'up')
    await (await engine()).bytes('DELETE', `/containers/${name}?force=1`)
    expect(await refusal(web.logs())).toBe('the log of web can’t be read: web has no container: it was removed')
  })
  test('of one whose log goes elsewhere can’t be read either', async () => {
    const { web } = await begun({ host: { LogConfig: { Type: 'none' } } })
    expect(await refusal(web.logs())).toContain(
      'the log of web can’t be read: Docker: configured logging driver does not support reading',
    )
  })
  test('of what ran before are somebody else’s', async () => {
    const name = await container({ command: ['sh', '-c', 'echo before; exec sleep 1000'] })
    const before = await opened({ web: { container: name } })
    expect(await before.service('web').logs()).toEqual([])
    const daemon = await engine()
    await daemon.bytes('POST', `/containers/${name}/restart?t=0`)
    await has(before.service('web'), 'before')
    expect(await before.service('web').logs()).toEqual(['before'])
  })
  test('are searched to their start, however long they are', async () => {
    const { web } = await begun({
      command: ['sh', '-c', 'echo panic: early; yes $(printf %0200d 0) | head -n 100000; echo end; sleep 1000'],
    })
    await until(async () => (await web.logs()).at(-1) === 'end', 'all of it is there', 40_000)
    const lines = await web.logs()
    expect([lines.length, lines[0], lines.flaw]).toEqual([100_002, 'panic: early', undefined])
  })
  test('say that lines are lost when they were rotated, also before they were first read', async () => {
    for (const files of ['1', '2']) {
      const { web } = await begun({
        command: ['sh', '-c', 'echo panic: early; yes 01234567890123456789 | head -n 20000; echo end; sleep 1000'],
        host: { LogConfig: { Type: 'json-file', Config: { 'max-size': '50k', 'max-file': files } } },
      })
      await until(async () => (await web.logs()).at(-1) === 'end', 'all of it is there', 40_000)
      expect((await web.logs()).flaw?.missing).toBe('start')
      const mark = await web.logMark()
      expect((await web.logs({ since: mark })).flaw).toBeUndefined()
    }
  })
  test('that are rotated and small are whole', async () => {
    const { web } = await begun({
      host: { LogConfig: { Type: 'json-file', Config: { 'max-size': '50k', 'max-file': '1' } } },
    })
    await has(web, 'up')
    expect((await web.logs()).flaw).toBeUndefined()
  })
  test('outlive a container that a fault removes, and its end is there', async () => {
    const { web } = await begun({ command: SLEEPS })
    await has(web, 'up')
    const { undo } = await made(web, (verbs) => verbs.environment({ A: '1' }))
    await until(async () => (await web.logs()).length === 2, 'the next one speaks')
    expect([[...(await web.logs())], (await web.logs()).flaw]).toEqual([['up', 'up'], undefined])
    expect((await undo()).code).toBe(0)
  })
  test('of one that somebody removed and made again may lack an end', async () => {
    const { web, name } = await begun({ command: SLEEPS })
    await has(web, 'up')
    const daemon = await engine()
    await daemon.bytes('POST', `/containers/${name}/pause`)
    await daemon.bytes('POST', `/containers/${name}/rename?name=${name}-old`)
    await container({ name, command: SLEEPS })
    await daemon.bytes('DELETE', `/containers/${name}-old?force=1`)
    await until(async () => (await web.logs()).length > 1, 'the other one speaks')
    expect((await web.logs()).at(-1)).toBe('up')
  })
  test('of several replicas are put in order', async () => {
    const app = { app: `logs-${process.pid}` }
    for (const i of [1, 2]) await container({ labels: app, command: ['sh', '-c', `echo ${i}; exec sleep 1000`] })
    const runtime = await opened({ web: { label: `app=${app.app}` } }, { host: {} })
    const daemon = await engine()
    const [second, first] = [runtime.service('web[2]'), runtime.service('web[1]')]
    const ids = await Promise.all([second, first].map(async (one) => ((await one.state()).json as { Id: string }).Id))
    for (const id of ids) await daemon.bytes('POST', `/containers/${id}/restart?t=0`)
    await until(async () => (await runtime.service('web').logs()).length === 2, 'both speak')
    expect(await runtime.service('web').logs()).toEqual(['2', '1'])
    expect(await first.logs()).toEqual(['1'])
  })
})

describe('who waits for a line is woken', () => {
  test('by each line, also after a restart, and no more afterwards', async () => {
    const { web, name } = await begun({ command: SAYS })
    await has(web, 'up')
    let woken = 0
    const watching = await web.watchLogs(() => void woken++)
    await tell(web, 'echo one')
    await until(() => woken > 0, 'a line')
    await (await engine()).bytes('POST', `/containers/${name}/restart?t=0`)
    await until(async () => (await web.logs()).length >= 2, 'it runs again')
    const before = woken
    await until(async () => (await web.exec({ sh: 'test -p /say' }, {}, never)).code === 0, 'it listens')
    await tell(web, 'echo two')
    await until(() => woken > before, 'a line of the next start')
    await watching[Symbol.asyncDispose]()
    const end = woken
    await tell(web, 'echo three')
    await has(web, 'three')
    expect(woken).toBe(end)
  })
})
