import { describe, expect, test } from 'bun:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { TargetError } from '../contracts/errors.ts'
import type { Runtime, Service, Target } from '../contracts/target.ts'
import { hostAndPort } from './address.ts'
import { bindTarget } from './target.ts'
import { localTransport } from './transport/local.ts'

const transport = localTransport()

function runtimeWith(port: number | undefined): Runtime {
  const service = {
    name: 'node',
    directory: '/usr',
    files: transport.files,
    endpoint: async (asked?: number) =>
      (asked ?? port) === undefined ? undefined : { host: '127.0.0.1', port: asked ?? port ?? 0 },
    exec: transport.exec,
  } as Partial<Service> as Service
  return {
    names: () => ['node'],
    service: (name) => {
      if (name === 'node') return service
      throw new TargetError(`this target has no service "${name}"`)
    },
    up: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const bound = (config = {}, port?: number, signal = new AbortController().signal) =>
  bindTarget({ name: 'demo', transport, runtime: runtimeWith(port), home: '/', config }, signal)
const out = async (target: Target, ...parameters: Parameters<Target['exec']>) =>
  Buffer.from((await target.exec(...parameters)).stdout)
    .toString()
    .trim()

describe('where a step’s paths start', () => {
  test('in the folder of targets.yaml, in the target’s directory, or in the service', async () => {
    expect(await out(bound().target, { argv: ['pwd'] })).toBe('/')
    const { target } = bound({ directory: 'etc' })
    expect(await out(target, { argv: ['pwd'] })).toBe('/etc')
    expect(await out(target, { argv: ['pwd'] }, { in: 'node' })).toBe('/usr')
    expect(target.file('hosts').path).toBe('/etc/hosts')
    expect(target.file('share', { in: 'node' }).path).toBe('/usr/share')
    expect(target.file('/abs').path).toBe('/abs')
  })
  test('with the target’s environment and shell, which a command may override', async () => {
    const { target } = bound({ environment: { A: 1, B: 'b' }, shell: 'bash' })
    expect(await out(target, { sh: 'echo $A $B ${BASH_VERSION:+bash}' }, { env: { B: 'own' } })).toBe('1 own bash')
    expect(await out(target, { sh: 'echo $A $0' }, { shell: 'sh' })).toBe('1 sh')
  })
  test('with expressions of the target filled in', async () => {
    const config = { environment: { A: '${{ x }}' } }
    const resolve = <T>(plain: T) => JSON.parse(JSON.stringify(plain ?? null).replace('${{ x }}', 'filled')) as T
    const { target } = bindTarget(
      { name: 'demo', transport, runtime: runtimeWith(1), home: tmpdir(), config, resolve },
      new AbortController().signal,
    )
    expect(await out(target, { sh: 'echo $A' })).toBe('filled')
  })
})

describe('a service’s name in an address', () => {
  test('goes to its port, or to the one that is written', async () => {
    const server = createServer((request, response) => response.end(request.headers.host))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const { target } = bound({}, port)
    const get = async (url: string) =>
      Buffer.from((await target.http({ method: 'GET', url, timeout: 5_000 })).body).toString()
    expect(await get('http://node/')).toBe('node')
    expect(await get(`http://node:${port}/`)).toBe(`node:${port}`)
    const socket = await target.connect('node')
    socket.destroy()
    server.close()
    await transport[Symbol.asyncDispose]()
  })
  test('without a port says what to write', async () => {
    const { target } = bound({}, undefined)
    expect(await target.connect('node').catch((error) => error.message)).toBe(
      'node declares no port: write it into the address',
    )
    expect(await target.connect('localhost').catch((error) => error.message)).toBe(
      '"localhost" has no port: write HOST:PORT',
    )
  })
  test('is read with and without brackets', () => {
    expect(hostAndPort('[::1]:80')).toEqual({ host: '::1', port: 80 })
    expect(hostAndPort(':80')).toEqual({ host: '127.0.0.1', port: 80 })
    expect(() => hostAndPort('a:b')).toThrow('"a:b" is not an address: write HOST:PORT')
  })
  test('that is no service where one is named is an error of the target', async () => {
    const { target } = bound()
    expect(await target.exec({ argv: ['true'] }, { in: 'nope' }).catch((error) => error.message)).toContain('"nope"')
    const sent = target.http({ method: 'GET', url: 'http://127.0.0.1:1/', in: 'nope', timeout: 100 })
    expect(await sent.catch((error) => error.message)).toContain('"nope"')
  })
})

describe('once the step is over', () => {
  test('every call throws, also through what it still holds', async () => {
    const { target, release } = bound({}, 1)
    const service = target.service('node')
    release()
    const calls: (() => unknown)[] = [
      () => target.exec({ argv: ['true'] }),
      () => target.http({ method: 'GET', url: 'http://node/', timeout: 100 }),
      () => target.connect('node'),
      () => target.file('x'),
      () => target.service('node'),
      () => target.services(),
      () => target.replaceFile('x', new Uint8Array()),
      () => service.exec({ argv: ['true'] }, {}, new AbortController().signal),
    ]
    for (const call of calls) {
      const error = await (async () => call())().catch((thrown) => thrown)
      expect(error).toMatchObject({ is: 'target', message: 'the step is over' })
    }
  })
})
