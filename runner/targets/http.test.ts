import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { cert, key } from '../../steps/probes/testdata/certificate.ts'
import type { HttpRequest } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { Cookies } from './http/cookies.ts'
import { sendHttp } from './http.ts'
import type { Origin } from './reach/origin.ts'
import { localTransport } from './transport/local.ts'

const never = new AbortController().signal
const from = (over: Transport, locate: Origin['locate'] = async () => undefined): Origin => ({
  transport: over,
  locate,
  mark: () => 0,
  judge: async (failed) => failed,
})

/** Answers by the path of the request. */
const routes: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/echo': (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      response.end(JSON.stringify({ method: request.method, headers: request.headers, body }))
    })
  },
  '/twice': (_request, response) => response.setHeader('Set-Cookie', ['a=1', 'b=2']).end(),
  '/303': (_request, response) => response.writeHead(303, { location: '/echo' }).end(),
  '/307': (_request, response) => response.writeHead(307, { location: '/echo' }).end(),
  '/away': (request, response) =>
    response.writeHead(302, { location: `http://localhost:${request.socket.localPort}/echo` }).end(),
  '/away307': (request, response) =>
    response.writeHead(307, { location: `http://localhost:${request.socket.localPort}/echo` }).end(),
  '/login': (_request, response) =>
    response.writeHead(302, { location: '/echo', 'set-cookie': 'sid=42; Path=/' }).end(),
  '/to-file': (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/to-nowhere': (_request, response) => response.writeHead(302, { location: 'http://:::bad' }).end(),
  '/to-two': (_request, response) =>
    response
      .writeHead(
        302,
        [
          ['Location', '/echo'],
          ['Location', '/303'],
        ].flat(),
      )
      .end(),
  '/loop': (_request, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/never': () => undefined,
  '/half': (_request, response) => void response.writeHead(200, { 'content-length': '100' }).write('half'),
  '/cut': (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy())
  },
}

let server: Server
let connections = 0
let base = ''
let port = 0
const transport = localTransport()

beforeAll(async () => {
  const http = createServer((request, response) => {
    const route = routes[request.url ?? '']
    if (route) route(request, response)
    else response.writeHead(404).end('none')
  })
  http.on('connection', () => {
    connections++
  })
  server = http
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
  base = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  await transport[Symbol.asyncDispose]()
  server.close()
})

const send = (path: string, more: Partial<HttpRequest> = {}, over: Transport = transport) =>
  sendHttp(from(over), { method: 'GET', url: `${base}${path}`, timeout: 5_000, ...more }, never)
const failing = (path: string, more: Partial<HttpRequest> = {}) => send(path, more).catch((error) => error)
const json = async (path: string, more: Partial<HttpRequest> = {}) =>
  JSON.parse(Buffer.from((await send(path, more)).body).toString())

describe('an exchange', () => {
  test('has status, headers in lower case, body and duration', async () => {
    const { status, headers, body, duration, cut } = await send('/nothing-here')
    expect([status, Buffer.from(body).toString(), cut]).toEqual([404, 'none', undefined])
    expect(headers['date']).toBeString()
    expect(duration).toBeGreaterThan(0)
  })
  test('joins header lines of one name, and lists them', async () => {
    const { headers, headerLists } = await send('/twice')
    expect([headers['set-cookie'], headerLists['set-cookie']]).toEqual(['a=1, b=2', ['a=1', 'b=2']])
  })
  test('sends method, headers and body', async () => {
    const seen = await json('/echo', { method: 'PUT', headers: { 'X-One': '1' }, body: 'žluť' })
    expect(seen).toMatchObject({ method: 'PUT', body: 'žluť', headers: { 'x-one': '1' } })
  })
  test('keeps its connection for the next one', async () => {
    await send('/echo')
    const before = connections
    for (let round = 0; round < 20; round++) await send('/echo')
    expect(connections).toBe(before)
  })
  test('of a service goes to where it is, and its name stays in the Host header', async () => {
    const origin = from(transport, async (host) => (host === 'node' ? { host: '127.0.0.1', port } : undefined))
    const { body } = await sendHttp(origin, { method: 'GET', url: 'http://node/echo', timeout: 5_000 }, never)
    expect(JSON.parse(Buffer.from(body).toString()).headers.host).toBe('node')
  })
  test('goes through the connections of a transport that is not this machine', async () => {
    const ways: unknown[] = []
    const far: Transport = {
      ...transport,
      address: 'ssh://far',
      connect: (to, signal) => {
        ways.push(to)
        return transport.connect(to, signal)
      },
    }
    expect((await send('/echo', {}, far)).status).toBe(200)
    expect(ways).toEqual([{ host: '127.0.0.1', port }])
  })
})

describe('redirects', () => {
  test('are not followed unless asked for', async () => {
    expect((await send('/303')).status).toBe(303)
  })
  test('303 becomes a GET without a body, 307 stays what it was', async () => {
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' }, redirects: 1 }
    expect(await json('/303', post)).toMatchObject({ method: 'GET', body: '' })
    expect(await json('/307', post)).toMatchObject({ method: 'POST', body: '{}' })
  })
  test('to another host do not carry credentials there', async () => {
    const sent = { Authorization: 'Bearer t', 'X-Api-Key': 'k', 'x-tenant': 't', cookie: 'a=1', accept: 'text/x' }
    const { headers } = await json('/away', { redirects: 1, headers: sent })
    expect(headers).toEqual({
      host: `localhost:${port}`,
      connection: 'keep-alive',
      'user-agent': 'shakedown',
      accept: 'text/x',
    })
  })
  test('to another host do not repeat a request that changes something there', async () => {
    const error = await failing('/away307', { redirects: 1, method: 'POST', body: 'secret' })
    expect(error.message).toBe(
      `the redirect is not followed: it redirects the POST to another host, http://localhost:${port}: write a step of its own for that host`,
    )
    expect(error.shows).toEqual({ resolves: true })
  })
  test('that go on beyond the number asked for are not an answer', async () => {
    const error = await failing('/loop', { redirects: 5 })
    expect(error.message).toStartWith('more than 5 redirects')
    expect(error.shows.reachable).toBeUndefined()
  })
  test('carry cookies that were set on the way, to their own host and port', async () => {
    expect((await json('/login', { redirects: 1 })).headers.cookie).toBe('sid=42')
    expect((await json('/login', { redirects: 1, cookies: false })).headers.cookie).toBeUndefined()
  })
  for (const [path, said] of [
    ['/to-file', 'to a file: URL'],
    ['/to-nowhere', 'which is not a URL'],
    ['/to-two', 'to 2 places at once'],
  ] as const)
    test(`${path} are not followed, and that is not an answer`, async () => {
      const error = await failing(path, { redirects: 1 })
      expect(error.message).toInclude(said)
      expect(error.shows.reachable).toBeUndefined()
      expect((await send(path)).status).toBe(302)
    })
})

describe('no answer', () => {
  test('refused says by whom', async () => {
    const closed = createTcpServer()
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done))
    const gone = (closed.address() as AddressInfo).port
    await new Promise((done) => closed.close(done))
    const error = await failing('', { url: `http://127.0.0.1:${gone}/` })
    expect([error.message, error.code]).toEqual([`refused by 127.0.0.1:${gone}`, 'ECONNREFUSED'])
  })
  test('in time says within what, whether or not the head had come', async () => {
    expect((await failing('/never', { timeout: 60 })).message).toBe('no answer within 60ms')
    expect((await failing('/half', { timeout: 60 })).message).toBe('the answer did not end within 60ms')
  })
  test('cut off in the middle is no short body', async () => {
    expect((await failing('/cut')).message).toBe(`cut off by 127.0.0.1:${port} in the middle of its answer`)
  })
  test('from a host that there is not', async () => {
    const { message } = await failing('', { url: 'http://no-such-host.invalid/' })
    expect(message).toBe('there is no host "no-such-host.invalid", nor a service of that name')
  })
  test('what is not HTTP is said to be that', async () => {
    const other = createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n'))
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const { port: at } = other.address() as AddressInfo
    expect((await failing('', { url: `http://127.0.0.1:${at}/` })).message).toStartWith(
      `what 127.0.0.1:${at} answers is not HTTP`,
    )
    other.close()
  })
  test('an abort throws its own reason', async () => {
    const controller = new AbortController()
    const reason = new Error('the step is over')
    const sent = sendHttp(from(transport), { method: 'GET', url: `${base}/never`, timeout: 5_000 }, controller.signal)
    setTimeout(() => controller.abort(reason), 20)
    expect(await sent.catch((error) => error)).toBe(reason)
  })
})

describe('a connection that was kept', () => {
  /** Answers the first request of a connection, and closes it at the second: as after an idle time limit of its own. */
  const closing = async (second = '') => {
    const asked: string[] = []
    const stale = createTcpServer((socket) => {
      let requests = 0
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        asked.push(String(bytes).slice(0, String(bytes).indexOf(' ')))
        if (requests++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        else socket.end(second)
      })
    })
    await new Promise<void>((done) => stale.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(stale.address() as AddressInfo).port}/`
    return { asked, ask: (method: string) => send('', { url, method }), [Symbol.dispose]: () => void stale.close() }
  }

  test('and went stale is not the end of an idempotent request: it is repeated once', async () => {
    using server = await closing()
    await server.ask('GET')
    expect((await server.ask('GET')).status).toBe(200)
    expect(server.asked).toEqual(['GET', 'GET', 'GET'])
  })
  test('is not used for a request that must not be repeated', async () => {
    using server = await closing()
    await server.ask('GET')
    expect((await server.ask('POST')).status).toBe(200)
    expect(server.asked).toEqual(['GET', 'POST'])
  })
  test('is an answer that broke off once a byte of one has come', async () => {
    using server = await closing('HTTP/1.1 2')
    await server.ask('GET')
    const error = await server.ask('GET').catch((thrown) => thrown)
    expect(error.shows).toEqual({ resolves: true })
    expect(server.asked).toEqual(['GET', 'GET'])
  })
  test('is no excuse on a new connection: nothing is repeated there', async () => {
    let requests = 0
    const dead = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        requests++
        socket.end()
      })
    })
    await new Promise<void>((done) => dead.listen(0, '127.0.0.1', done))
    const error = await failing('', { url: `http://127.0.0.1:${(dead.address() as AddressInfo).port}/` })
    expect([requests, error.shows]).toEqual([1, { reachable: false, resolves: true }])
    dead.close()
  })
})

describe('a time limit', () => {
  const silent = createTcpServer((socket) => void socket.on('error', () => undefined))
  beforeAll(() => new Promise<void>((done) => silent.listen(0, '127.0.0.1', done)))
  afterAll(() => void silent.close())
  const at = () => (silent.address() as AddressInfo).port

  test('ends a TLS handshake, and so does an abort', async () => {
    const start = performance.now()
    const error = await failing('', { url: `https://127.0.0.1:${at()}/`, timeout: 60 })
    expect([error.message, error.shows]).toEqual(['no answer within 60ms', { reachable: false, resolves: true }])
    const controller = new AbortController()
    const request = { method: 'GET', url: `https://127.0.0.1:${at()}/`, timeout: 30_000 }
    const sent = sendHttp(from(transport), request, controller.signal).catch((thrown) => thrown)
    const reason = new Error('Ctrl-C')
    setTimeout(() => controller.abort(reason), 20)
    expect(await sent).toBe(reason)
    expect(performance.now() - start).toBeLessThan(2_000)
  })
  for (const [stage, shows] of [
    [undefined, {}],
    ['resolving', { resolves: false }],
    ['connecting', { reachable: false, resolves: true }],
  ] as const)
    test(`ends a transport that does not listen, ${stage ?? 'before it has begun'}`, async () => {
      const deaf: Transport = {
        ...transport,
        connect: (_to, _signal, reached) => {
          if (stage) reached?.(stage)
          return new Promise(() => undefined)
        },
      }
      const error = await send('', { url: 'http://name.test/', timeout: 40 }, deaf).catch((thrown) => thrown)
      expect(error.shows).toEqual(shows)
    })
})

describe('a request that can’t be sent', () => {
  const cases: readonly [what: string, more: Partial<HttpRequest>, said: string][] = [
    [
      'a header beyond Latin-1',
      { headers: { 'x-name': 'Łódź' } },
      'the header "x-name" can\'t be sent: it holds the character U+0141',
    ],
    ['a newline in a bearer', { headers: { authorization: 'Bearer a\nb' } }, 'it holds the character U+000A'],
    ['a blank in the name of a header', { headers: { 'x y': '1' } }, '"x y" is not a name of a header'],
    ['a URL that is none', { url: 'http://:::/' }, 'is not a URL'],
    ['port 0', { url: 'http://127.0.0.1:0/' }, '0 is not a port'],
    ['a bad ca', { url: 'https://127.0.0.1:1/', ca: './no-pem' }, '`ca` is not PEM text'],
    [
      'a certificate without its key',
      { url: 'https://127.0.0.1:1/', cert: '-----BEGIN X' },
      '`cert` is given without `key`',
    ],
  ]
  for (const [what, more, said] of cases)
    test(`${what} shows nothing of its host`, async () => {
      const error = await failing('/echo', more)
      expect(error.message).toInclude(said)
      expect(error.shows).toEqual({})
    })
})

describe('TLS', () => {
  let secure: Server
  let shown: string | undefined
  beforeAll(async () => {
    const options = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true }
    secure = createTlsServer(options, (socket) => {
      shown = socket.getPeerCertificate().subject?.CN as string | undefined
      socket.on('error', () => undefined)
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
    })
    await new Promise<void>((done) => secure.listen(0, '127.0.0.1', done))
  })
  afterAll(() => void secure.close())
  const ask = (more: Partial<HttpRequest>) =>
    failing('', {
      url: `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`,
      // The name that the certificate has; a virtual host is asked for and checked by it.
      headers: { host: 'gateway.test' },
      ...more,
    })

  test('shows a client certificate', async () => {
    expect((await ask({ ca: cert, cert, key })).status).toBe(200)
    expect(shown).toBe('gateway.test')
  })
  test('without the client certificate that is asked for shows that somebody is there', async () => {
    expect((await ask({ ca: cert })).shows).toEqual({ resolves: true })
  })
  test('with a certificate that is not trusted, or has another name, is not an answer', async () => {
    const untrusted = await ask({ cert, key })
    expect([untrusted.message, untrusted.shows]).toEqual([
      expect.stringContaining('is not trusted'),
      { resolves: true },
    ])
    expect((await ask({ ca: cert, cert, key, headers: {} })).message).toInclude('is not trusted')
  })
})

describe('cookies', () => {
  const url = (text: string) => new URL(text)
  test('go to the host and port that set them, at their path, until they expire', async () => {
    const cookies = new Cookies()
    await cookies.keep(url('http://web/login'), [
      'sid=1; Path=/',
      'deep=2; Path=/api',
      'old=3; Max-Age=0',
      'safe=4; Secure',
    ])
    const at = (text: string, written?: string) => cookies.header(url(text), written)
    expect(await at('http://web/')).toBe('sid=1')
    expect(await at('http://web/api/x')).toBe('deep=2; sid=1')
    expect([await at('http://db/'), await at('http://web:81/'), await at('http://evil.web/')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(await at('http://web/', 'sid=mine; a=b')).toBe('sid=mine; a=b')
    expect(await at('http://web/', 'a=b')).toBe('a=b; sid=1')
  })
  test('for another domain are not kept', async () => {
    const cookies = new Cookies()
    await cookies.keep(url('http://web/'), 'a=1; Domain=db')
    expect(await cookies.header(url('http://db/'), undefined)).toBeUndefined()
  })
})
