import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isError } from '../../../contracts/errors.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { until } from '../../transport/conformance/run.ts'
import { localTransport } from '../../transport/local.ts'
import { Engine } from './engine.ts'
import { Events } from './events.ts'

const transport = localTransport()
const never = new AbortController().signal
let folder = ''
const servers: Server[] = []
let count = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sd-engine-'))
})
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await transport[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** A daemon that says what it is told to, at a socket of its own. */
async function daemon(answer: RequestListener): Promise<{ path: string; server: Server }> {
  const path = join(folder, `daemon-${++count}.sock`)
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((done) => server.listen(path, done))
  return { path, server }
}

const speaking = (versions: object, rest: RequestListener = (_, response) => response.end('{}')) =>
  daemon((request, response) => {
    if (request.url === '/version') response.end(JSON.stringify(versions))
    else rest(request, response)
  })

const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error as Error,
  )

describe('the version is agreed on', () => {
  test.each([
    ['1.41', '1.12', '1.41'],
    ['1.44', '1.24', '1.44'],
    ['1.99', '1.24', '1.47'],
    ['1.99', '1.60', '1.60'],
  ])('a daemon of %s that knows from %s is asked in %s', async (ApiVersion, MinAPIVersion, expected) => {
    const asked: string[] = []
    const { path } = await speaking({ ApiVersion, MinAPIVersion }, (request, response) => {
      asked.push(request.url ?? '')
      response.end('[]')
    })
    const engine = await Engine.open(transport, { path })
    await engine.json('GET', '/containers/json')
    expect([engine.version, asked]).toEqual([expected, [`/v${expected}/containers/json`]])
  })
  test('one that is too old is told what to do', async () => {
    const { path } = await speaking({ ApiVersion: '1.40', MinAPIVersion: '1.12' })
    expect((await thrown(Engine.open(transport, { path })))?.message).toBe(
      'this Docker speaks API 1.40, and 1.41 is needed: update it to Engine 20.10 or newer',
    )
  })
  test.each([['{"hello": 1}'], ['<html>'], ['[]'], ['null']])('what answers %s is no Docker daemon', async (body) => {
    const { path } = await daemon((_, response) => response.end(body))
    const error = await thrown(Engine.open(transport, { path }))
    expect(error?.message).toBe(`what answers at ${path} is no Docker daemon`)
    expect(isError(error, 'target')).toBe(true)
  })
})

describe('no daemon', () => {
  test('no socket', async () => {
    const path = join(folder, 'none.sock')
    const error = await thrown(Engine.open(transport, { path }))
    expect(error?.message).toBe(`there is no Docker daemon at ${path}: install Docker, start it, or set DOCKER_HOST`)
    expect(isError(error, 'target') && error.transient).toBe(false)
  })
  test('a socket that nobody listens to any more, and one that is a file', async () => {
    const path = join(folder, 'stale.sock')
    const child = Bun.spawn([
      'perl',
      '-MSocket',
      '-e',
      `socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un("${path}"))`,
    ])
    await child.exited
    const says = `no Docker daemon answers at ${path}: start it (systemctl start docker)`
    expect((await thrown(Engine.open(transport, { path })))?.message).toBe(says)
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    expect((await thrown(Engine.open(transport, { path: file })))?.message).toBe(
      `no Docker daemon answers at ${file}: start it (systemctl start docker)`,
    )
  })
  test('no TCP port', async () => {
    const error = await thrown(Engine.open(transport, { host: '127.0.0.1', port: 1 }))
    expect(error?.message).toStartWith('no Docker daemon answers at 127.0.0.1:1: start it')
  })
  test('no permission: who may is told', async () => {
    const refused: Transport = {
      ...transport,
      address: 'ssh://box',
      connect: async () => {
        throw Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
      },
    }
    const error = await thrown(Engine.open(refused, { path: '/var/run/docker.sock' }))
    expect(error?.message).toStartWith(
      'no permission on /var/run/docker.sock: add yourself to the group "docker" and log in again',
    )
  })
})

describe('answers', () => {
  test('an error is told in the daemon’s words, with its status', async () => {
    const { path } = await speaking({ ApiVersion: '1.41' }, (request, response) => {
      response.statusCode = request.url?.includes('text') ? 500 : 409
      response.end(request.url?.includes('text') ? 'plain words' : '{"message":"it is \\"paused\\""}')
    })
    const engine = await Engine.open(transport, { path })
    const error = await thrown(engine.json('POST', '/containers/x/stop'))
    expect([error?.message, (error as unknown as { status: number }).status]).toEqual(['Docker: it is "paused"', 409])
    expect((await thrown(engine.json('GET', '/text')))?.message).toBe('Docker: plain words')
    expect((await thrown(engine.stream('/events', never)))?.message).toBe('Docker: it is "paused"')
    expect((await thrown(engine.hijack('/exec/1/start', {}, never)))?.message).toBe('Docker: it is "paused"')
  })
  test('none in time is an error, and the connection is let go', async () => {
    let closed = false
    const { path } = await speaking({ ApiVersion: '1.41' }, (request) => request.once('close', () => (closed = true)))
    const engine = await Engine.open(transport, { path })
    const error = await thrown(engine.json('GET', '/info', { timeout: 50 }))
    expect(error?.message).toBe('Docker did not answer within 0.05 s')
    await until(() => closed, 'the request was closed')
  })
  test('an abort throws its reason', async () => {
    const { path } = await speaking({ ApiVersion: '1.41' }, () => undefined)
    const engine = await Engine.open(transport, { path })
    const controller = new AbortController()
    const asked = thrown(engine.json('GET', '/info', { signal: controller.signal }))
    const reason = new Error('the step is over')
    setTimeout(() => controller.abort(reason), 20)
    expect(await asked).toBe(reason)
    expect(await thrown(engine.json('GET', '/info', { signal: controller.signal }))).toBe(reason)
  })
  test('a daemon that goes away in the middle is dead, and that is no reading', async () => {
    const { path } = await speaking({ ApiVersion: '1.41' }, (request, response) => {
      if (request.url?.endsWith('/half')) response.write('{"a":')
      setTimeout(() => request.socket.destroy(), 20)
    })
    const engine = await Engine.open(transport, { path })
    for (const at of ['/info', '/half']) {
      const error = await thrown(engine.json('GET', at))
      expect(error?.message).toBe(`the Docker daemon at ${path} went away in the middle of a request`)
      expect(isError(error, 'target') && !error.transient).toBe(true)
    }
    expect((await thrown(engine.hijack('/exec/1/start', {}, never)))?.message).toBe(
      `the Docker daemon at ${path} went away in the middle of a request`,
    )
  })
})

describe('events', () => {
  const event = (Action: string, ID = 'one') =>
    `${JSON.stringify({ Action, Actor: { ID, Attributes: { name: 'wéb' } } })}\n`

  test('wake those who watch; after a cut everybody is told to look anew', async () => {
    const streams: import('node:http').ServerResponse[] = []
    const { path } = await speaking({ ApiVersion: '1.41' }, (_, response) => {
      response.flushHeaders()
      streams.push(response)
    })
    await using events = new Events(await Engine.open(transport, { path }))
    const woken: string[] = []
    await using _watching = await events.watch(
      ({ Actor }) => Actor.ID === 'one',
      'web',
      (because) => woken.push(because),
    )
    const bytes = Buffer.from(event('die') + event('start', 'two') + event('exec_start: sh') + event('start'))
    // In pieces that cut lines and characters.
    for (let at = 0; at < bytes.length; at += 7) {
      streams[0]?.write(bytes.subarray(at, at + 7))
      await Bun.sleep(1)
    }
    await until(() => woken.length === 2, 'two events')
    expect(woken).toEqual(['web: die', 'web: start'])
    streams[0]?.destroy()
    await until(() => streams.length === 2, 'it is asked again')
    await until(() => woken.length >= 4, 'they are told')
    expect(new Set(woken.slice(2))).toEqual(new Set(['Docker’s events began anew']))
    streams[1]?.write(event('die'))
    await until(() => woken.at(-1) === 'web: die', 'it goes on')
  })
  test('one stream serves all who listen, and who stopped is not called', async () => {
    let asked = 0
    let send: (text: string) => void = () => undefined
    const { path } = await speaking({ ApiVersion: '1.41' }, (_, response) => {
      asked++
      response.flushHeaders()
      send = (text) => response.write(text)
    })
    await using events = new Events(await Engine.open(transport, { path }))
    const seen: string[] = []
    const listeners = await Promise.all(
      ['a', 'b'].map((name) => events.listen((one) => one && seen.push(`${name} ${one.Action}`))),
    )
    await listeners[0]?.[Symbol.asyncDispose]()
    send(event('die'))
    await until(() => seen.length > 0, 'one is called')
    expect([asked, seen]).toEqual([1, ['b die']])
  })
  test('a daemon that is dead when one begins to listen is an error for each who asks', async () => {
    const { path, server } = await speaking({ ApiVersion: '1.41' })
    const engine = await Engine.open(transport, { path })
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    await using events = new Events(engine)
    const errors = await Promise.all([events.listen(() => undefined), events.listen(() => undefined)].map(thrown))
    for (const error of errors) expect(error?.message).toStartWith('there is no Docker daemon at')
  })
})
