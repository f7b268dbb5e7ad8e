import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localTransport } from '../../transport/local.ts'
import { daemonAddress, socketsOf } from './daemon.ts'

const transport = localTransport()
const names = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS_VERIFY', 'XDG_RUNTIME_DIR'] as const
const saved = Object.fromEntries(names.map((name) => [name, process.env[name]]))
let home = ''

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sd-daemon-'))
  for (const name of names) delete process.env[name]
  process.env['DOCKER_CONFIG'] = join(home, '.docker')
})
afterEach(() => {
  for (const name of names) {
    if (saved[name] === undefined) delete process.env[name]
    else process.env[name] = saved[name]
  }
  rmSync(home, { recursive: true })
})

const address = (said?: string) => daemonAddress(said, transport)

function context(name: string, host: string): void {
  const folder = join(home, '.docker', 'contexts', 'meta', createHash('sha256').update(name).digest('hex'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }))
}

function current(name: string): void {
  mkdirSync(join(home, '.docker'), { recursive: true })
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ currentContext: name }))
}

describe('where the daemon is: as the docker command has it', () => {
  test('nothing said: the usual socket', () => {
    expect(address()).toEqual({ path: '/var/run/docker.sock' })
  })
  test.each([
    ['unix:///run/user/1000/docker.sock', { path: '/run/user/1000/docker.sock' }],
    ['tcp://10.0.0.5:2375', { host: '10.0.0.5', port: 2375 }],
    ['tcp://docker', { host: 'docker', port: 2375 }],
    ['tcp://[::1]:99/', { host: '::1', port: 99 }],
    ['/var/x.sock', { path: '/var/x.sock' }],
  ])('DOCKER_HOST=%s', (host, expected) => {
    process.env['DOCKER_HOST'] = host
    expect(address()).toEqual(expected)
    expect(daemonAddress(host, transport)).toEqual(expected)
  })
  test('the target’s own word comes first, then DOCKER_HOST, DOCKER_CONTEXT, and the current context', () => {
    context('one', 'unix:///one.sock')
    context('two', 'unix:///two.sock')
    current('one')
    expect(address()).toEqual({ path: '/one.sock' })
    process.env['DOCKER_CONTEXT'] = 'two'
    expect(address()).toEqual({ path: '/two.sock' })
    process.env['DOCKER_HOST'] = 'unix:///host.sock'
    expect(address()).toEqual({ path: '/host.sock' })
    expect(address('unix:///target.sock')).toEqual({ path: '/target.sock' })
  })
  test('the context "default" is no context', () => {
    current('default')
    expect(address()).toEqual({ path: '/var/run/docker.sock' })
  })
  test('another folder of Docker’s configuration', () => {
    process.env['DOCKER_CONFIG'] = join(home, 'elsewhere')
    mkdirSync(join(home, 'elsewhere'))
    writeFileSync(join(home, 'elsewhere', 'config.json'), '{"currentContext":"gone"}')
    expect(() => address()).toThrow('there is no docker context "gone": look at `docker context ls`')
  })
  test('rootless, Docker Desktop, Colima and OrbStack, where there is no other', () => {
    expect(socketsOf('/home/me', '/run/user/1000')).toEqual([
      '/var/run/docker.sock',
      '/run/user/1000/docker.sock',
      '/home/me/.docker/run/docker.sock',
      '/home/me/.colima/default/docker.sock',
      '/home/me/.orbstack/run/docker.sock',
    ])
  })
  test('on another machine it is the one there, whatever is set here', () => {
    process.env['DOCKER_HOST'] = 'unix:///here.sock'
    expect(daemonAddress(undefined, { ...transport, address: 'ssh://box' })).toEqual({ path: '/var/run/docker.sock' })
  })
})

describe('what can’t be used is told with what to do', () => {
  test('a daemon over SSH is a target over SSH', () => {
    process.env['DOCKER_HOST'] = 'ssh://miner@box'
    expect(() => address()).toThrow('DOCKER_HOST is ssh://miner@box: give the target `ssh: miner@box` instead')
    context('far', 'ssh://box')
    delete process.env['DOCKER_HOST']
    current('far')
    expect(() => address()).toThrow('docker context "far" is ssh://box: give the target `ssh: box` instead')
  })
  test('TLS, and what is no address', () => {
    expect(() => address('docker.sock')).toThrow(
      '`daemon` of the target is "docker.sock": write unix:///PATH or tcp://HOST:PORT',
    )
    process.env['DOCKER_HOST'] = 'tcp://10.0.0.5:2376'
    process.env['DOCKER_TLS_VERIFY'] = '1'
    expect(() => address()).toThrow('with TLS, which is not built yet')
  })
})
