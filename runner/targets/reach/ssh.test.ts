import { afterAll, beforeAll, expect } from 'bun:test'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { isError } from '../../contracts/errors.ts'
import { isNoAnswer } from '../../contracts/no-answer.ts'
import type { Runtime, Target } from '../../contracts/target.ts'
import type { Transport } from '../../contracts/transport.ts'
import { bindTarget } from '../target.ts'
import { describeSsh, type TestServer, testServer, testSsh } from '../transport/ssh/testing.ts'
import { sshTransport } from '../transport/ssh.ts'

const runtime = { names: () => [] } as unknown as Runtime

describeSsh.each([
  ['sshd forwards', []],
  ['a program of the host connects', ['AllowTcpForwarding no']],
] as const)('through a host where %s', (_, config) => {
  let server: TestServer
  let transport: Transport
  let target: Target
  let silent: Server
  let asked = Promise.withResolvers<void>()
  let port = 0
  beforeAll(async () => {
    server = await testServer({ config })
    transport = await sshTransport(server.spec)
    target = bindTarget({ name: 'far', transport, runtime, home: '/', config: {} }, new AbortController().signal).target
    silent = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => asked.resolve())
    })
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    port = (silent.address() as AddressInfo).port
  })
  afterAll(async () => {
    silent.close()
    await transport[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  const shown = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => 'an answer',
      (thrown) => thrown,
    )
    return isNoAnswer(error) ? error.shows : error
  }
  const get = (url: string, timeout = 5_000) => target.http({ method: 'GET', url, timeout })

  testSsh('a name that does not resolve is told from a refusal', async () => {
    expect(await shown(get('http://no-such-host.invalid/'))).toEqual({ resolves: false })
    expect(await shown(target.connect('no-such-host.invalid:80'))).toEqual({ resolves: false })
    expect(await shown(get('http://127.0.0.1:1/'))).toEqual({ reachable: false, resolves: true })
    expect(await shown(target.connect('127.0.0.1:1'))).toEqual({ reachable: false, resolves: true })
  })
  testSsh('silence counts while the host itself answers', async () => {
    expect(await shown(get(`http://127.0.0.1:${port}/`, 300))).toEqual({ reachable: false, resolves: true })
    expect(await shown(get(`https://localhost:${port}/`, 300))).toEqual({ reachable: false, resolves: true })
  })
  testSsh('a cut of the connection to the host is not one to the service', async () => {
    asked = Promise.withResolvers<void>()
    const waiting = shown(get(`http://127.0.0.1:${port}/`))
    await asked.promise
    await server.cut()
    const error = await waiting
    expect([isError(error, 'target'), (error as Error).message]).toEqual([true, 'the connection was cut'])
  })
})
