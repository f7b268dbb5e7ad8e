import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, Target } from '../contracts/target.ts'
import { type Change, DRIFTED } from '../contracts/undo.ts'
import { bindTarget } from './target.ts'
import { run } from './transport/conformance/run.ts'
import { localTransport } from './transport/local.ts'

const transport = localTransport()
const noServices = { names: () => [] } as unknown as Runtime
let home = ''
let journal = ''
let target: Target

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sd it’s files-'))
  journal = mkdtempSync(join(tmpdir(), 'sd journal-'))
  target = bindTarget(
    { name: 'x', transport, runtime: noServices, home, config: { environment: { WORD: 'from the target' } } },
    new AbortController().signal,
  ).target
})
afterEach(() => {
  rmSync(home, { recursive: true, force: true })
  rmSync(journal, { recursive: true, force: true })
})

const at = (name: string) => join(home, name)
const text = (name: string) => readFileSync(at(name), 'utf8')

/** As the journal does it: files in a folder, run by `sh` in a fresh process. */
async function undo(change: Change, script: 'sh' | 'verify' = 'sh') {
  const { undo: data } = change
  for (const [name, bytes] of Object.entries(data?.keeps ?? {}))
    if (!existsSync(join(journal, `0001.${name}`))) writeFileSync(join(journal, `0001.${name}`), bytes, { mode: 0o600 })
  writeFileSync(join(journal, `0001.${script}`), data?.[script] ?? 'exit 9')
  return run(transport, { argv: ['sh', join(journal, `0001.${script}`)] }, { cwd: '/' })
}

async function applied(...parameters: Parameters<Target['replaceFile']>): Promise<Change> {
  const change = await target.replaceFile(...parameters)
  await change.apply(new AbortController().signal)
  await keepLeft(change)
  return change
}

/** As the journal does it once a change was made. */
async function keepLeft(change: Change) {
  for (const [name, bytes] of Object.entries((await change.left?.()) ?? {}))
    writeFileSync(join(journal, `0001.${name}`), bytes)
}

describe('a file that is replaced', () => {
  test('is put back byte for byte, with its mode, as often as it is asked for', async () => {
    const before = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256)
    writeFileSync(at('config.json'), before)
    chmodSync(at('config.json'), 0o640)
    const change = await applied('config.json', Buffer.from('new'))
    expect(text('config.json')).toBe('new')
    expect(await change.inEffect?.(new AbortController().signal)).toMatchObject({ yes: true })
    expect((await undo(change, 'verify')).code).toBe(1)
    for (let round = 0; round < 3; round++) expect(await undo(change)).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(at('config.json')).equals(before)).toBe(true)
    expect((statSync(at('config.json')).mode & 0o777).toString(8)).toBe('640')
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('that was not there is removed again', async () => {
    const change = await applied('new.txt', Buffer.from('new'))
    expect((await undo(change, 'verify')).code).toBe(1)
    expect((await undo(change)).code).toBe(0)
    expect(existsSync(at('new.txt'))).toBe(false)
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('that was never written, since the run ended before, is restored and not drifted', async () => {
    writeFileSync(at('a'), 'old')
    const change = await target.replaceFile('a', Buffer.from('new'))
    expect((await undo(change)).code).toBe(0)
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('that somebody else changed meanwhile, or removed, is left alone', async () => {
    writeFileSync(at('a'), 'old')
    const change = await applied('a', Buffer.from('new'))
    writeFileSync(at('a'), 'theirs')
    expect(await undo(change)).toMatchObject({
      code: DRIFTED,
      err: `${at('a')} was changed by somebody else meanwhile
from what it was before to what it is now:
@@ -1 +1 @@
-old
\\ No newline at end of file
+theirs
\\ No newline at end of file
`,
    })
    expect(text('a')).toBe('theirs')
    writeFileSync(at('a'), 'new')
    chmodSync(at('a'), 0o600)
    const { code, err } = await undo(change)
    expect(code).toBe(DRIFTED)
    expect(err).toMatch(/mode and owner were 644 \d+:\d+, and are 600 \d+:\d+/)
    rmSync(at('a'))
    expect((await undo(change)).code).toBe(DRIFTED)
  })
  test.each([
    ['is binary', 'a', 'old', Buffer.from([0, 1, 2]), 0o644, 'it is binary'],
    ['is named like a secret', '.env.local', 'A=1', 'A=2', 0o644, 'how is not shown, since it may hold secrets'],
    ['speaks of a secret', 'a', 'db_password: x', 'y', 0o644, 'how is not shown, since it may hold secrets'],
    ['not everybody may read', 'a', 'old', 'theirs', 0o640, 'how is not shown, since it may hold secrets'],
  ])('is not shown as a diff when it %s', async (_, name, before, after, mode, words) => {
    writeFileSync(at(name), before)
    chmodSync(at(name), mode)
    const change = await applied(name, Buffer.from('new'))
    writeFileSync(at(name), after)
    expect(await undo(change)).toMatchObject({
      code: DRIFTED,
      err: `${at(name)} was changed by somebody else meanwhile\n${words}\n`,
    })
  })
  test('whose diff is long is cut', async () => {
    const many = (word: string) =>
      Array.from({ length: 500 }, (_, line) => `${word} ${line} ${'x'.repeat(300)}\n`).join('')
    writeFileSync(at('a'), many('old'))
    const change = await applied('a', Buffer.from('new'))
    writeFileSync(at('a'), many('theirs'))
    const lines = (await undo(change)).err.split('\n')
    expect(lines.length).toBeLessThan(50)
    expect(Math.max(...lines.map(({ length }) => length))).toBe(200)
  })
  test('whose folder is gone counts as undone', async () => {
    writeFileSync(at('a'), 'old')
    const change = await applied('a', Buffer.from('new'))
    rmSync(home, { recursive: true })
    expect((await undo(change)).code).toBe(0)
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('behind a link is followed, there and back', async () => {
    writeFileSync(at('real'), 'old')
    symlinkSync('real', at('link'))
    const change = await applied('link', Buffer.from('new'))
    expect(text('real')).toBe('new')
    expect((await undo(change)).code).toBe(0)
    expect([text('real'), text('link')]).toEqual(['old', 'old'])
  })
  test('has no old or new content in its scripts', async () => {
    writeFileSync(at('.env'), 'TOKEN=old-hidden')
    const { undo: data } = await target.replaceFile('.env', Buffer.from('TOKEN=new-hidden'), {
      then: [{ sh: 'true "$SD_1"', set: { SD_1: 'then-hidden' } }],
    })
    expect(`${data?.sh}${data?.verify}`).not.toContain('hidden')
  })
})

describe('then', () => {
  const noting = { sh: 'echo "$PWD $SD_1 $WORD" >>noted; cat config >>noted', set: { SD_1: 'it’s' } }
  const line = (content: string) => `${home} it’s from the target\n${content}`
  test('runs after the change and after the undo, in the target’s folder and environment', async () => {
    writeFileSync(at('config'), 'old\n')
    const change = await applied('config', Buffer.from('new\n'), { then: [noting, { argv: ['touch', 'a b'] }] })
    expect(text('noted')).toBe(line('new\n'))
    rmSync(at('a b'))
    expect(await undo(change)).toMatchObject({ code: 0, err: '' })
    expect(text('noted')).toBe(line('new\n') + line('old\n'))
    expect(existsSync(at('a b'))).toBe(true)
  })
  test('that fails fails the step, with what it said', async () => {
    const change = await target.replaceFile('config', Buffer.from('new'), {
      then: [{ sh: 'echo bad port >&2; exit 7' }],
    })
    const error = await change.apply(new AbortController().signal).catch((thrown) => thrown)
    expect(error.message).toBe('`then` exits with 7: echo bad port >&2; exit 7')
    expect(Buffer.from(error.details.outputs[0].stderr).toString()).toBe('bad port\n')
  })
  test('that fails in the undo is run again when the undo is, though the file is back', async () => {
    writeFileSync(at('config'), 'old')
    const change = await applied('config', Buffer.from('new'), { then: [{ sh: 'echo x >>tried; test ! -e broken' }] })
    writeFileSync(at('broken'), '')
    expect((await undo(change)).code).toBe(1)
    expect(text('config')).toBe('old')
    rmSync(at('broken'))
    expect((await undo(change)).code).toBe(0)
    expect(text('tried')).toBe('x\nx\nx\n')
  })
  const mode = (name: string) => (statSync(at(name)).mode & 0o7777).toString(8)
  describe.each([
    ['appends to the file', 'echo >>config'],
    ['rewrites the file', 'sort config >x && mv x config'],
    ['normalizes the file in place', "sed -i 's/ *= */=/' config"],
    ['changes its mode', 'chmod 444 config'],
    ['removes the file', 'rm config'],
    ['makes a folder of the file', 'rm -rf config; mkdir config; touch config/x'],
    ['makes another file each time', 'date +%N >config'],
  ])('that %s', (_, then) => {
    const before = 'b = 2\na = 1\n'
    const changed = () =>
      applied('config', Buffer.from('b = 3\na = 1\n'), { then: [{ sh: `echo x >>tried; ${then}` }] })
    beforeEach(() => {
      writeFileSync(at('config'), before)
      chmodSync(at('config'), 0o640)
    })

    test('has made what is put back, byte for byte, with its mode, whatever it does in the undo', async () => {
      const change = await changed()
      expect((await undo(change, 'verify')).code).toBe(1)
      for (let round = 0; round < 2; round++) expect(await undo(change)).toMatchObject({ code: 0, err: '' })
      expect([text('config'), mode('config')]).toEqual([before, '640'])
      expect((await undo(change, 'verify')).code).toBe(0)
      expect(text('tried')).toBe('x\nx\n')
    })
    test('was interrupted, so that nobody knows what it left', async () => {
      const change = await changed()
      rmSync(join(journal, '0001.after'))
      expect(await undo(change)).toMatchObject({ code: 0, err: '' })
      expect([text('config'), mode('config')]).toEqual([before, '640'])
    })
    test('was run again by an undo that was interrupted', async () => {
      const change = await changed()
      await undo(change)
      rmSync(join(journal, '0001.done'))
      rmSync(at('config'))
      expect(await undo(change)).toMatchObject({ code: 0, err: '' })
      expect([text('config'), mode('config')]).toEqual([before, '640'])
    })
    test('does not hide what somebody else changed since', async () => {
      const change = await changed()
      rmSync(at('config'), { recursive: true, force: true })
      writeFileSync(at('config'), 'theirs')
      expect((await undo(change)).code).toBe(DRIFTED)
      expect(text('config')).toBe('theirs')
    })
  })
  test('that replaced a link by a file has both put back', async () => {
    writeFileSync(at('real'), 'b = 2\n')
    symlinkSync('real', at('config'))
    const change = await applied('config', Buffer.from('b = 3\n'), { then: [{ sh: "sed -i 's/ = /=/' config" }] })
    expect(lstatSync(at('config')).isSymbolicLink()).toBe(false)
    expect((await undo(change, 'verify')).code).toBe(1)
    for (let round = 0; round < 2; round++) expect(await undo(change)).toMatchObject({ code: 0, err: '' })
    expect([text('real'), readlinkSync(at('config'))]).toEqual(['b = 2\n', 'real'])
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('that made the file, and another change to it, leaves none', async () => {
    const change = await applied('config', Buffer.from('x'), { then: [{ sh: 'echo >>config' }] })
    expect((await undo(change)).code).toBe(0)
    expect(existsSync(at('config'))).toBe(false)
    expect((await undo(change, 'verify')).code).toBe(0)
  })
  test('that failed half way has what it left put back', async () => {
    writeFileSync(at('config'), 'old')
    const change = await target.replaceFile('config', Buffer.from('new'), {
      then: [{ sh: 'echo >>config; test -e fine' }],
    })
    await expect(change.apply(new AbortController().signal)).rejects.toThrow('exits with 1')
    await keepLeft(change)
    writeFileSync(at('fine'), '')
    expect((await undo(change)).code).toBe(0)
    expect(text('config')).toBe('old')
  })
  test('may go over the file itself', async () => {
    writeFileSync(at('config'), 'old')
    const change = await applied('config', Buffer.from('new'), { then: [{ sh: 'echo rendered >>config' }] })
    expect(await change.inEffect?.(new AbortController().signal)).toMatchObject({ yes: true })
  })
})
