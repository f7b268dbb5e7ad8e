import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
import { localFiles } from '../../runner/targets/transport/local-files.ts'
import { fakeContext, fakeTarget } from './fake-target.ts'
import { file } from './file.ts'
import { fingerprint } from './fingerprint.ts'

const folder = mkdtempSync(join(tmpdir(), 'probe-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string) => writeFileSync(join(folder, name), text)
put('config.json', '{"poll": "100ms", "id": 9007199254740993}')
put('config.yaml', 'workers: [1, 2]\nid: 9007199254740993\n')
put('config.toml', '[pool]\ntype = "mini"\n')
put('settings.ini', '[a]\nport = 8\n')
put('.env', 'TOKEN=s3cret\nSECURE=true\nPORT=8\nexport OTHER_TOKEN=x\n')
put('notes.txt', 'hello\n')
put('broken.json', '{')
chmodSync(join(folder, 'notes.txt'), 0o600)

const { probes } = kindsOf({ probes: [file, fingerprint] })
const context = fakeContext(fakeTarget(folder))
const verdict = (plain: object, memory = new Map<string, unknown>(), isBaseline = true) =>
  makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check({ ...context, memory, isBaseline })

describe('a file', () => {
  const cases: readonly [name: string, plain: object, is: string][] = [
    ['is there', { file: 'notes.txt' }, 'holds'],
    ['is not there', { file: 'gone.txt' }, 'fails'],
    ['is not there, as expected', { file: 'gone.txt', exists: false }, 'holds'],
    ['is a folder', { file: '.', exists: true, kind: 'folder' }, 'holds'],
    ['has a text', { file: 'notes.txt', text: { contains: 'hell' } }, 'holds'],
    ['has a mode, as YAML reads it', { file: 'notes.txt', mode: 600 }, 'holds'],
    ['has a mode, as text', { file: 'notes.txt', mode: '0600' }, 'holds'],
    [
      'has a hash',
      { file: 'notes.txt', sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' },
      'holds',
    ],
    ['is JSON', { file: 'config.json', expect: { '$.poll': '100ms', '$.id': 9007199254740993n } }, 'holds'],
    ['is YAML', { file: 'config.yaml', expect: { '$.workers': [1, 2], '$.id': 9007199254740993n } }, 'holds'],
    ['is TOML', { file: 'config.toml', expect: { '$.pool.type': 'mini' } }, 'holds'],
    ['is INI, which is text', { file: 'settings.ini', expect: { '$.a.port': 8 } }, 'holds'],
    ['is .env, which is text', { file: '.env', expect: { '$.SECURE': true, '$.PORT': { gt: 7 } } }, 'holds'],
    ['is JSON, which is typed', { file: 'config.json', expect: { '$.id': '9007199254740993' } }, 'fails'],
    ['has another format than its name', { file: { path: '.env', as: 'text' }, expect: { '$.PORT': 8 } }, 'fails'],
    ['is broken', { file: 'broken.json', expect: { '$.a': { absent: true } } }, 'fails'],
  ]
  for (const [name, plain, is] of cases)
    test(name, async () => {
      expect((await verdict(plain)).is).toBe(is as never)
    })

  describe('that is not whole, or not a file, is judged by what is known', () => {
    const target = {
      ...fakeTarget(folder),
      file: (path: string) => ({ files: localFiles, path: resolve(folder, path) }),
    }
    const judged = (plain: object) =>
      makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check(fakeContext(target))
    const utf16 = Buffer.from('\ufeff{"a": "Müller"}', 'utf16le')
    Bun.spawnSync(['mkfifo', join(folder, 'fifo')])
    symlinkSync('nowhere', join(folder, 'dangling'))
    symlinkSync('config.json', join(folder, 'linked.json'))
    writeFileSync(join(folder, 'big.json'), `{"a": "${'x'.repeat(17_000_000)}ERROR"}`)
    writeFileSync(join(folder, 'latin.json'), Buffer.from('{"a": "Müller"}', 'latin1'))
    writeFileSync(join(folder, 'utf16.json'), utf16)
    writeFileSync(join(folder, 'unmarked.txt'), utf16.subarray(2))
    writeFileSync(join(folder, 'marked.json'), '\ufeff{"a": 1}')
    writeFileSync(join(folder, 'marked.yaml'), '\ufeffa: 1\n')
    const hash = (name: string) => new Bun.CryptoHasher('sha256').update(readFileSync(join(folder, name))).digest('hex')
    const cases: readonly [name: string, plain: object, is: string][] = [
      ['a folder', { file: '.', text: { not: { contains: 'x' } } }, 'untaken'],
      ['a folder', { file: '.', text: '' }, 'untaken'],
      ['a folder', { file: '.', sha256: { not: 'x' } }, 'untaken'],
      ['a folder', { file: '.', expect: { '$.a': { absent: true } } }, 'untaken'],
      ['a FIFO', { file: 'fifo', text: { not: { contains: 'x' } } }, 'untaken'],
      ['a FIFO', { file: 'fifo', kind: 'fifo', exists: true }, 'holds'],
      ['a device', { file: '/dev/zero', text: { not: { contains: 'x' } } }, 'untaken'],
      ['a device', { file: '/dev/zero', kind: 'device' }, 'holds'],
      ['a link to nothing', { file: 'dangling', exists: false, kind: 'link' }, 'holds'],
      ['a link to nothing', { file: 'dangling', text: { not: 'x' } }, 'fails'],
      ['a link to a file', { file: 'linked.json', kind: 'file' }, 'holds'],
      ['a link to a file', { file: 'linked.json', kind: 'link' }, 'holds'],
      ['a link to a file', { file: 'linked.json', kind: { not: 'link' } }, 'fails'],
      ['a large file', { file: 'big.json', text: { not: { contains: 'ERROR' } } }, 'untaken'],
      ['a large file', { file: 'big.json', text: { contains: 'xxx' } }, 'holds'],
      ['a large file', { file: 'big.json', expect: { '$.a': { not: 'x' } } }, 'untaken'],
      ['a large file', { file: 'big.json', size: 17_000_014, sha256: hash('big.json') }, 'holds'],
      ['not UTF-8', { file: 'latin.json', text: { not: { contains: 'Müller' } } }, 'untaken'],
      ['not UTF-8', { file: 'latin.json', expect: { '$.a': { not: 'Müller' } } }, 'untaken'],
      ['not UTF-8', { file: 'latin.json', size: 15 }, 'holds'],
      ['UTF-16', { file: 'utf16.json', text: { contains: 'Müller' }, expect: { '$.a': 'Müller' } }, 'holds'],
      ['UTF-16 without a mark', { file: 'unmarked.txt', text: { not: { contains: 'Müller' } } }, 'untaken'],
      ['JSON with a byte order mark', { file: 'marked.json', text: '{"a": 1}', expect: { '$.a': 1 } }, 'holds'],
      ['YAML with a byte order mark', { file: 'marked.yaml', expect: { '$.a': 1 } }, 'holds'],
      ['a file of the kernel', { file: '/proc/version', text: { contains: 'version' }, size: { gt: 10 } }, 'holds'],
    ]
    for (const [name, plain, is] of cases)
      test(`${name}: ${JSON.stringify(plain).slice(0, 90)}`, async () => {
        expect((await judged(plain)).is).toBe(is as never)
      })
    test('says why', async () => {
      const found = await judged({ file: 'fifo', text: 'x' })
      expect(found).toMatchObject({
        is: 'untaken',
        why: expect.stringContaining('fifo is a FIFO, and only a file has content'),
      })
    })
  })

  test('reads only what is asked for', async () => {
    const target = fakeTarget(folder)
    const calls: string[] = []
    const { files } = target.file('x')
    const spied = {
      ...target,
      file: (path: string) => ({
        path: join(folder, path),
        files: {
          ...files,
          read: (...args: Parameters<typeof files.read>) => {
            calls.push('read')
            return files.read(...args)
          },
          sha256: (...args: Parameters<typeof files.sha256>) => {
            calls.push('sha256')
            return files.sha256(...args)
          },
        },
      }),
    }
    const read = (plain: object, more: object = {}) =>
      makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check({ ...fakeContext(spied), ...more })
    expect((await read({ file: 'big.json', mode: '0644', size: { gt: 0 } })).is).toBe('holds')
    expect(calls).toEqual([])
    await read({ file: 'big.json', sha256: 'x' })
    expect(calls).toEqual(['sha256'])
    const captured = await read({ file: 'notes.txt', exists: true }, { asked: new Set(['text']) })
    expect(captured.readings[0]?.fields['text']).toBe('hello\n')
  })

  test('wakes who waits for it when it changes', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    await using _watched = await file.watch?.('notes.txt' as never, context, resolve)
    chmodSync(join(folder, 'notes.txt'), 0o600)
    put('notes.txt', 'hello\n')
    expect(await promise).toBe('it changed')
  })
})

describe('a fingerprint', () => {
  const made = { fingerprint: { name: 'secrets', file: '.env', keys: ['*TOKEN'] } }
  const again = { fingerprint: 'secrets' }

  test('stays while only other keys change, and does not when one of its own does', async () => {
    const memory = new Map<string, unknown>()
    expect((await verdict(made, memory)).is).toBe('holds')
    put('.env', 'PORT=9\nexport OTHER_TOKEN=x\nTOKEN=s3cret\n')
    expect((await verdict(again, memory)).is).toBe('holds')
    put('.env', 'PORT=9\nexport OTHER_TOKEN=y\nTOKEN=s3cret\n')
    expect((await verdict(again, memory)).is).toBe('fails')
    // Also where the baseline that made it is looked at again.
    expect((await verdict(made, memory)).is).toBe('fails')
    expect((await verdict({ ...again, unchanged: false }, memory)).is).toBe('holds')
  })

  test('of a whole file', async () => {
    const memory = new Map<string, unknown>()
    const whole = { fingerprint: { name: 'config', file: 'config.yaml' } }
    await verdict(whole, memory)
    put('config.yaml', 'workers: [1, 2]\nid: 9007199254740993\n')
    expect((await verdict(whole, memory)).is).toBe('holds')
    put('config.yaml', 'workers: [1, 2, 3]\n')
    expect((await verdict(whole, memory)).is).toBe('fails')
  })

  test('keeps a hash and no secret', async () => {
    const memory = new Map<string, unknown>()
    await verdict(made, memory)
    expect(JSON.stringify([...memory])).toMatch(/[0-9a-f]{64}/)
    expect(JSON.stringify([...memory])).not.toContain('s3cret')
  })

  test('is not taken of nothing: it would be unchanged for ever', async () => {
    const taken = [
      await verdict({ fingerprint: { name: 'a', file: 'gone.env' } }),
      await verdict({ fingerprint: { name: 'b', file: '.env', keys: ['NO_SUCH_*'] } }),
      await verdict({ fingerprint: 'never-made' }),
    ]
    expect(taken.map((one) => one.is === 'untaken' && one.why)).toEqual([
      "gone.env: can't read it",
      '.env: no key matches NO_SUCH_*',
      'no fingerprint "never-made" was made in the baseline',
    ])
  })
  test('is not made by the steps, which may have changed the file before', async () => {
    const late = await verdict({ fingerprint: { name: 'late', file: '.env' } }, new Map(), false)
    expect(late).toMatchObject({ is: 'untaken', why: 'no fingerprint "late" was made in the baseline' })
  })

  test('has one name only', async () => {
    const memory = new Map<string, unknown>()
    await verdict(made, memory)
    const other = await verdict({ fingerprint: { name: 'secrets', file: 'config.yaml' } }, memory)
    expect(other).toMatchObject({
      is: 'untaken',
      why: 'the fingerprint "secrets" was made otherwise in the baseline: give this one another name',
    })
  })

  describe('sees a change of a key, however it is written', () => {
    const changes: readonly [name: string, before: string, after: string][] = [
      ['with blanks around it', 'A=1\n B = 2\n', 'A=1\n B = 3\n'],
      ['with a colon', 'A=1\nB: 2\n', 'A=1\nB: 3\n'],
      ['behind a byte order mark', '\ufeffB=2\nA=1\n', '\ufeffB=3\nA=1\n'],
      ['with a dot in its name', 'A=1\nB.C=2\n', 'A=1\nB.C=3\n'],
      ['twice, so that the last one counts', 'A=1\nB=2\nB=3\n', 'A=1\nB=3\nB=2\n'],
      ['with a NUL in it', 'A=1\nB=2\0\n', 'A=1\nB=3\0\n'],
    ]
    for (const [name, before, after] of changes)
      test(name, async () => {
        const memory = new Map<string, unknown>()
        put('spelled.env', before)
        expect((await verdict({ fingerprint: { name: 's', file: 'spelled.env', keys: ['A', 'B*'] } }, memory)).is).toBe(
          'holds',
        )
        put('spelled.env', after)
        expect((await verdict({ fingerprint: 's' }, memory)).is).toBe('fails')
      })
  })
})
