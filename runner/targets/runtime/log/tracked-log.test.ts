import { afterAll, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isIncomplete } from '../../../base/incomplete.ts'
import { TooCostly } from '../../../base/too-costly.ts'
import { logFile } from '../process/log.ts'
import { logThere } from '../process/log-there.ts'
import { lazyLines } from './line-list.ts'
import { type LogSource, TrackedLog } from './tracked-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-logs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const newPath = () => join(folder, `log-${++count}`)

/** As on another machine: by the words of a script. */
function bySpool(path: string): LogSource {
  return logThere(path, async (script) =>
    Buffer.from(await new Response(Bun.spawn(['sh', '-c', script]).stdout).arrayBuffer()),
  )
}

describe.each([
  ['where it is', logFile],
  ['from another machine', bySpool],
] as const)('a log that is read %s', (_, source) => {
  const begun = (text = '') => {
    const path = newPath()
    writeFileSync(path, text)
    return { path, log: new TrackedLog(source(path)) }
  }

  test('is empty where there is no file yet', async () => {
    const log = new TrackedLog(source(newPath()))
    expect([...(await log.read()), await log.mark()]).toEqual([0])
  })
  test('gives its lines, those behind a mark, and the last of them', async () => {
    const { path, log } = begun('one\ntwo\r\n')
    expect(await log.read()).toEqual(['one', 'two'])
    const mark = await log.mark()
    appendFileSync(path, '\nthree\nfou')
    expect(await log.read(mark)).toEqual(['', 'three', 'fou'])
    expect(await log.read(0, 2)).toEqual(['three', 'fou'])
    appendFileSync(path, 'r')
    expect(await log.read(mark)).toEqual(['', 'three', 'four'])
    expect(await log.read()).toEqual(['one', 'two', '', 'three', 'four'])
  })
  test('finds the first line of a log that is larger than is kept in memory', async () => {
    const { path, log } = begun('panic: early\n')
    const line = `${'x'.repeat(99)}\n`
    for (let i = 0; i < 4; i++) appendFileSync(path, line.repeat(100_000))
    appendFileSync(path, 'the end')
    const lines = await log.read()
    expect([lines.length, lines[0], lines.at(-1), lines[200_000]]).toEqual([
      400_002,
      'panic: early',
      'the end',
      'x'.repeat(99),
    ])
    expect(Array.isArray(lines) && lines.some((one) => String(one).includes('early'))).toBe(true)
    expect(lines.indexOf('the end')).toBe(400_001)
    expect(JSON.stringify(lines).length).toBeLessThan(10_000)
    appendFileSync(path, '!\nmore\n')
    expect((await log.read()).slice(-2)).toEqual(['the end!', 'more'])
  })
  test('tells which line is not UTF-8', async () => {
    const { path, log } = begun('caf')
    appendFileSync(path, Buffer.from([0xe9, 10]))
    appendFileSync(path, 'fine\n')
    const [first, second] = await log.read()
    expect([isIncomplete(first), second]).toEqual([true, 'fine'])
  })
  test('keeps the beginning of a line that is longer than 16 MiB', async () => {
    const { path, log } = begun('before\n')
    appendFileSync(path, 'x'.repeat(18_000_000))
    appendFileSync(path, '\nafter\n')
    const lines = await log.read()
    expect([lines.length, lines[0], lines[2]]).toEqual([3, 'before', 'after'])
    expect(lines[1]).toMatchObject({ why: 'cut at 16 MiB', missing: 'end' })
  })

  const losses: readonly [name: string, lose: (path: string) => void][] = [
    ['was emptied', (path) => truncateSync(path, 0)],
    ['was emptied and has grown beyond its old size', (path) => writeFileSync(path, `${'other\n'.repeat(100)}`)],
    [
      'was replaced',
      (path) => {
        renameSync(path, `${path}.1`)
        writeFileSync(path, 'other\n'.repeat(100))
      },
    ],
    ['was removed', (path) => rmSync(path)],
  ]
  test.each(losses)('says that lines are lost when it %s', async (_, lose) => {
    const { path, log } = begun('panic: early\nsecond\n')
    expect((await log.read()).flaw).toBeUndefined()
    const before = await log.mark()
    lose(path)
    const lines = await log.read()
    expect(lines.flaw?.missing).toBe('start')
    expect([...lines].every((line) => line === 'other')).toBe(true)
    expect((await log.read(before)).flaw).toBeUndefined()
    const after = await log.mark()
    const file = openSync(path, 'a')
    writeSync(file, 'new\n')
    expect(await log.read(after)).toEqual(['new'])
    expect((await log.read()).flaw?.missing).toBe('start')
  })
})

test('a list that is looked at for too long says so instead of keeping all else waiting', async () => {
  const list = lazyLines(1_000_000, (line) => ({ first: line, lines: ['x'] }), undefined, 20)
  expect(() => list.every((line) => line === 'x')).toThrow(TooCostly)
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(list[5]).toBe('x')
})
