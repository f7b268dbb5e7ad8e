import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsOf } from './settings.ts'
import { hostSpec } from './spec.ts'

const before = process.env['HOME']
let home = ''
beforeAll(() => {
  home = mkdtempSync('/tmp/sd-home-')
  process.env['HOME'] = home
  mkdirSync(join(home, '.ssh', 'more'), { recursive: true })
})
beforeEach(() => config(''))
afterAll(() => {
  if (before === undefined) delete process.env['HOME']
  else process.env['HOME'] = before
  rmSync(home, { recursive: true })
})
const config = (text: string, file = 'config') => writeFileSync(join(home, '.ssh', file), text)
const whyNot = (work: () => unknown) => {
  try {
    return `it went well: ${JSON.stringify(work())}`
  } catch (error) {
    return (error as Error).message
  }
}

test('an address has a user, a host and a port, or only a host', () => {
  expect(hostSpec('miner@10.0.0.5')).toEqual({ user: 'miner', host: '10.0.0.5' })
  expect(hostSpec('ssh://miner@[fe80::1]:2222')).toEqual({ user: 'miner', host: 'fe80::1', port: 2222 })
  expect(hostSpec('box')).toEqual({ host: 'box' })
  for (const bad of ['', 'a b', '-oProxyCommand=x', 'user@', 'host:port'])
    expect(whyNot(() => hostSpec(bad))).toContain('is no SSH address')
})

test('what the file says of a host is used; targets.yaml goes over it', () => {
  config(`
Host box
  hostname 10.0.0.5
  Port 2200
  User miner
  IdentityFile ~/.ssh/%r@%h
  IdentitiesOnly yes
  UserKnownHostsFile ~/.ssh/hosts-%h /etc/other
  ProxyJump jumper@10.0.0.1:2222
Host 10.0.0.1
  IdentityFile ~/.ssh/jump
Host *
  User nobody`)
  const settings = settingsOf({ host: 'box' })
  expect(settings).toMatchObject({
    address: 'ssh://miner@10.0.0.5:2200',
    knownAs: '[10.0.0.5]:2200',
    identities: [`${home}/.ssh/miner@10.0.0.5`],
    identitiesOnly: true,
    jump: { address: 'ssh://jumper@10.0.0.1:2222', identities: [`${home}/.ssh/jump`] },
  })
  expect(settings.knownHosts.slice(0, 2)).toEqual([`${home}/.ssh/hosts-10.0.0.5`, '/etc/other'])
  expect(settingsOf({ host: 'box', user: 'root', port: 22 }).address).toBe('ssh://root@10.0.0.5')
  expect(settingsOf({ host: 'elsewhere' }).user).toBe('nobody')
})

test('patterns, negations and Match host choose', () => {
  config(`
Host *.lan !old.lan
  Port 2
Match host old.lan
  Port 3
Match host "a,b"
  Port 4`)
  const port = (host: string) => settingsOf({ host }).port
  expect([port('x.lan'), port('old.lan'), port('other')]).toEqual([2, 3, 22])
})

test('included files count where they are included, and what follows goes on under its Host', () => {
  config('Host a\n  Include more/*.conf\n  Port 7\nHost *\n  User last')
  config('User first\nHost b\n  Port 9', 'more/1.conf')
  expect(settingsOf({ host: 'a' })).toMatchObject({ user: 'first', port: 7 })
  config('Include config', 'more/1.conf')
  expect(whyNot(() => settingsOf({ host: 'a' }))).toContain('includes itself')
  rmSync(join(home, '.ssh', 'more', '1.conf'))
})

test('what can’t be done is said', () => {
  config('Host box\n  ProxyCommand nc %h %p')
  expect(whyNot(() => settingsOf({ host: 'box' }))).toContain('ProxyCommand, which is not supported: write `jump:')
  config('Host a\n  ProxyJump b\nHost b\n  ProxyJump a')
  expect(whyNot(() => settingsOf({ host: 'a' }))).toContain('in a circle')
})

test('a jump of targets.yaml may be several', () => {
  const { jump } = settingsOf({ host: 'box', user: 'me', jump: 'a@one,b@two:2222' })
  expect([jump?.address, jump?.jump?.address, jump?.jump?.jump]).toEqual(['ssh://b@two:2222', 'ssh://a@one', undefined])
})
