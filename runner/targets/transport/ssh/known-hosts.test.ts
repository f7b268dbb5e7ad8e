import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkHostKey, knownTypes } from './known-hosts.ts'
import type { SshSettings } from './settings.ts'
import { keygen } from './testing.ts'

let folder = ''
let key = ''
let other = ''
beforeAll(() => {
  folder = mkdtempSync('/tmp/sd-known-')
  for (const name of ['one', 'two']) keygen(join(folder, name))
  const [one = '', two = ''] = ['one.pub', 'two.pub'].map((name) => readFileSync(join(folder, name), 'utf8'))
  key = one.split(' ').slice(0, 2).join(' ')
  other = two.split(' ').slice(0, 2).join(' ')
})
afterAll(() => rmSync(folder, { recursive: true }))

const check = (lines: string, knownAs = 'box.lan', acceptNew = false) => {
  const file = join(folder, 'known_hosts')
  writeFileSync(file, `${lines}\n`)
  const settings = { knownHosts: [file], knownAs, acceptNew, host: 'box.lan', port: 22 } as unknown as SshSettings
  try {
    checkHostKey(settings, Buffer.from(key.split(' ')[1] ?? '', 'base64'))
    return 'known'
  } catch (error) {
    return (error as Error).message
  }
}

describe('a host is known', () => {
  test.each([
    ['by its name', () => `box.lan ${key}`],
    ['by one of several, in whatever case', () => `other,BOX.lan ${key} comment`],
    ['by a pattern', () => `*.lan ${key}`],
    ['by another key of its own beside this one', () => `box.lan ${other}\nbox.lan ${key}`],
  ])('%s', (_how, lines) => expect(check(lines())).toBe('known'))
  test('by a hash of its name, as ssh-keygen makes it', () => {
    const file = join(folder, 'hashed')
    writeFileSync(file, `[box.lan]:2222 ${key}\n`)
    expect(Bun.spawnSync(['ssh-keygen', '-q', '-H', '-f', file]).exitCode).toBe(0)
    const hashed = readFileSync(file, 'utf8')
    expect(hashed).not.toContain('box')
    expect(check(hashed, '[box.lan]:2222')).toBe('known')
    expect(check(hashed, '[box.lan]:22')).toContain('is not in')
  })
})

describe('a host is refused', () => {
  test('when nothing is known, or only of others', () => {
    expect(check('')).toContain('is not in')
    expect(check(`# box.lan ${key}\nbox ${key}\n!box.lan,*.lan ${key}`)).toContain('is not in')
  })
  test('when its key is another one, whether new ones are accepted or not', () => {
    expect(check(`box.lan ${other}`)).toContain(`is not the one in ${join(folder, 'known_hosts')}:1`)
    expect(check(`box.lan ${other}`, 'box.lan', true)).toContain('ssh-keygen -R')
  })
  test('when its key is revoked, wherever else it stands', () => {
    expect(check(`box.lan ${key}\n@revoked * ${key}`)).toContain('revoked')
  })
  test('when only an authority vouches for it', () => {
    expect(check(`@cert-authority *.lan ${other}`)).toContain('host certificates are not supported')
  })
})

test('a new one is added where that is allowed', () => {
  expect(check('', 'box.lan', true)).toBe('known')
  const file = join(folder, 'known_hosts')
  expect(readFileSync(file, 'utf8')).toBe(`\nbox.lan ${key}\n`)
  expect(knownTypes({ knownHosts: [file], knownAs: 'box.lan' } as unknown as SshSettings)).toEqual(['ssh-ed25519'])
})
