import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
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
const verdict = (plain: object, memory = new Map<string, unknown>()) =>
  makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check({ ...context, memory })

describe('a file', () => {
  const cases: readonly [name: string, plain: object, is: string][] = [
    ['is there', { file: 'notes.txt' }, 'holds'],
    ['is not there', { file: 'gone.txt' }, 'fails'],
    ['is not there, as expected', { file: 'gone.txt', exists: false }, 'holds'],
    ['is a folder', { file: '.', exists: true, text: '' }, 'holds'],
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
})
