/** Targets that count as not reachable, through the command line: `field/w03`, `w06` and `w18`, and further cases of their kind. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cert, key } from '../../steps/probes/testdata/certificate.ts'
import type { RunEvent } from '../contracts/events.ts'
import { root, runCli } from './testing.ts'

/** Raw answers by path; the connection stays open unless they end it. */
const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  '/ok': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  '/100': (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  '/103': (socket) =>
    socket.end('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  '/big-header': (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(20_000)}\r\nContent-Length: 2\r\n\r\n{}`),
  '/loop': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n'),
  '/to-file': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n'),
  '/to-nowhere': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://:::bad\r\nContent-Length: 0\r\n\r\n'),
  '/two-lengths': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
  '/not-http': (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'),
  '/half-head': (socket) => socket.end('HTTP/1.1 200 O'),
  '/half-body': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'),
  '/stalled': (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'),
  '/switch': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'),
  '/nothing': (socket) => socket.end(),
  '/reset': (socket) => void socket.resetAndDestroy(),
  '/never': () => undefined,
}

let folder = ''
let server: Server
let tls: ReturnType<typeof Bun.serve>
let plain: ReturnType<typeof Bun.serve>
let closed = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-reach-'))
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (bytes) => answers[String(bytes).split(' ')[1] ?? '']?.(socket))
  })
  const unused = createServer()
  await Promise.all([server, unused].map((one) => new Promise<void>((done) => one.listen(0, '127.0.0.1', done))))
  closed = (unused.address() as AddressInfo).port
  await new Promise((done) => unused.close(done))
  plain = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('{}') })
  tls = Bun.serve({ port: 0, hostname: '127.0.0.1', tls: { cert, key }, fetch: () => new Response('{}') })
})
afterAll(() => {
  server.close()
  tls.stop(true)
  plain.stop(true)
  rmSync(folder, { recursive: true })
})

/** Verdict and message of each step. */
async function ran(steps: readonly string[], target = 'here'): Promise<readonly string[]> {
  const place = mkdtempSync(join(folder, 'plan-'))
  const plan = `plan: Reach\ntarget: ${target}\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`
  writeFileSync(join(place, 'plan.yaml'), plan)
  writeFileSync(join(place, 'targets.yaml'), TARGETS)
  const { out, err } = await runCli(['run', 'plan.yaml', '--quiet'], { cwd: place })
  const [results] = await Array.fromAsync(new Bun.Glob('shakedown-results/*/events.ndjson').scan(place))
  if (results === undefined) throw new Error(`${out}${err}`)
  const events = readFileSync(join(place, results), 'utf8').trim().split('\n')
  return events
    .map((line) => JSON.parse(line) as RunEvent)
    .flatMap((event) => (event.is === 'step.ended' ? [event] : []))
    .map(({ outcome, failure }) => (failure ? `${outcome}: ${failure.message}` : outcome))
}

const TARGETS = `targets:
  here: { runtime: process }
  stack: { runtime: process, services: { web: { command: [sleep, "60"], port: auto } } }
`

const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`
const get = (path: string, more = '') => `{ get: "http://${address()}${path}"${more} }`

describe('`reachable: false` and `open: false`', () => {
  test('hold on evidence: refused, reset, closed or silent before any answer', async () => {
    const steps = await ran([
      `assert: { http: "http://127.0.0.1:${closed}/", reachable: false }`,
      `assert: { tcp: "127.0.0.1:${closed}", open: false }`,
      `assert: { http: ${get('/nothing')}, reachable: false }`,
      `assert: { http: ${get('/reset')}, reachable: false }`,
      `assert: { http: ${get('/never', ', timeout: 200ms')}, reachable: false }`,
      `assert: { http: { get: "https://${address()}/", timeout: 200ms }, reachable: false }`,
    ])
    expect(steps).toEqual(steps.map(() => 'passed'))
    expect(steps).toHaveLength(6)
  }, 30_000)

  test('hold on a declared service that does not run', async () => {
    const steps = await ran(
      [
        'inject-fault: { stop: web }',
        'assert: { http: "http://web/", reachable: false }',
        'assert: { tcp: web, open: false }',
        'assert: { http: { get: "http://web/", in: web }, reachable: false }',
      ],
      'stack',
    )
    expect(steps).toEqual(['passed', 'passed', 'passed', 'passed'])
  }, 30_000)

  const nothing: readonly [what: string, step: () => string, why: string][] = [
    [
      'a name that does not resolve',
      () => '{ http: "http://gatway.invalid/", reachable: false }',
      'there is no host "gatway.invalid"',
    ],
    ['the same, by TCP', () => '{ tcp: "gatway.invalid:80", open: false }', 'there is no host "gatway.invalid"'],
    [
      'a header that can’t be sent',
      () => `{ http: ${get('/ok', ', headers: { x-name: "Łódź" }')}, reachable: false }`,
      'the header "x-name" can\'t be sent',
    ],
    [
      'a newline in a bearer',
      () => `{ http: ${get('/ok', ', bearer: "a\\nb"')}, reachable: false }`,
      'the header "authorization" can\'t be sent',
    ],
    [
      'a bad ca',
      () => `{ http: { get: "https://127.0.0.1:${closed}/", ca: ./no-pem }, reachable: false }`,
      '`ca` is not PEM text',
    ],
    [
      'an untrusted certificate',
      () => `{ http: "https://127.0.0.1:${tls.port}/", reachable: false }`,
      'is not trusted',
    ],
    ['TLS asked of plain HTTP', () => `{ http: "https://127.0.0.1:${plain.port}/", reachable: false }`, 'no TLS'],
    ['two lengths', () => `{ http: ${get('/two-lengths')}, reachable: false }`, 'is not HTTP'],
    ['another protocol', () => `{ http: ${get('/not-http')}, reachable: false }`, 'is not HTTP'],
    ['half a head', () => `{ http: ${get('/half-head')}, reachable: false }`, 'in the middle of its answer'],
    ['half a body', () => `{ http: ${get('/half-body')}, reachable: false }`, 'in the middle of its answer'],
    [
      'a body that stalls',
      () => `{ http: ${get('/stalled', ', timeout: 200ms')}, reachable: false }`,
      'the answer did not end within 200ms',
    ],
    ['another protocol that was not asked for', () => `{ http: ${get('/switch')}, reachable: false }`, 'is not HTTP'],
    [
      'a redirect to a file',
      () => `{ http: ${get('/to-file', ', redirects: 3')}, reachable: false }`,
      'only http: and https: are followed',
    ],
    [
      'a redirect to nowhere',
      () => `{ http: ${get('/to-nowhere', ', redirects: 3')}, reachable: false }`,
      'is not a URL',
    ],
    [
      'too many redirects',
      () => `{ http: ${get('/loop', ', redirects: 3')}, reachable: false }`,
      'more than 3 redirects',
    ],
  ]
  test('fail with a reason on everything else, negated or not', async () => {
    const asserts = nothing.map(([, step]) => step())
    const steps = await ran(asserts.flatMap((one) => [`assert: ${one}`, `assert: { none: [${one}] }`]))
    expect(steps).toHaveLength(nothing.length * 2)
    for (const [index, [what, , why]] of nothing.entries())
      for (const said of steps.slice(index * 2, index * 2 + 2)) {
        expect(`${what}: ${said}`).toContain('failed: could not be read')
        expect(`${what}: ${said}`).toContain(why)
      }
  }, 60_000)
})

describe('answers', () => {
  test('are read behind 1xx ones and with long heads, and a 302 is one where no redirects are asked for', async () => {
    const steps = await ran([
      `assert: { http: ${get('/100')}, status: 200 }`,
      `assert: { http: ${get('/103')}, status: 200 }`,
      `assert: { http: ${get('/big-header')}, status: 200 }`,
      `assert: { http: ${get('/loop')}, status: 302 }`,
    ])
    expect(steps).toEqual(['passed', 'passed', 'passed', 'passed'])
  }, 30_000)
})

test('`resolves` tests a name', async () => {
  const steps = await ran([
    'assert: { http: "http://gatway.invalid/", resolves: false }',
    'assert: { tcp: "gatway.invalid:80", resolves: false }',
    `assert: { http: "http://localhost:${closed}/", resolves: true }`,
    `assert: { tcp: "localhost:${closed}", resolves: true }`,
    'assert: { http: "http://gatway.invalid/", resolves: true }',
    `assert: { http: "http://localhost:${closed}/", resolves: false }`,
    `assert: { http: "https://127.0.0.1:${tls.port}/", resolves: true }`,
  ])
  expect(steps.map((step) => step.split(':')[0])).toEqual([
    'passed',
    'passed',
    'passed',
    'passed',
    'failed',
    'failed',
    'passed',
  ])
}, 30_000)

test('cookies of a case are kept from step to step, and not beyond the case', async () => {
  const seen: (string | null)[] = []
  const site = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      seen.push(request.headers.get('cookie'))
      return new Response('{}', { headers: { 'set-cookie': 'sid=42; Path=/; HttpOnly' } })
    },
  })
  const steps = [
    `http: http://127.0.0.1:${site.port}/`,
    `assert: { http: "http://127.0.0.1:${site.port}/", status: 200 }`,
  ]
  expect([...(await ran(steps)), ...(await ran(steps))]).toEqual(['passed', 'passed', 'passed', 'passed'])
  site.stop(true)
  expect(seen).toEqual([null, 'sid=42', null, 'sid=42'])
}, 30_000)

test('Ctrl-C ends a handshake that nobody answers', async () => {
  const asked = Promise.withResolvers<void>()
  const silent = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => asked.resolve())
  })
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  const place = mkdtempSync(join(folder, 'plan-'))
  writeFileSync(join(place, 'targets.yaml'), TARGETS)
  writeFileSync(
    join(place, 'plan.yaml'),
    `plan: Reach\ntarget: here\nsteps:\n  - assert: { http: { get: "https://127.0.0.1:${(silent.address() as AddressInfo).port}/", timeout: 60s }, reachable: false }\n`,
  )
  const child = Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'run', 'plan.yaml'], {
    cwd: place,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  await asked.promise
  const start = performance.now()
  child.kill('SIGINT')
  expect(await child.exited).toBe(130)
  expect(performance.now() - start).toBeLessThan(4_000)
  expect(await new Response(child.stdout).text()).toContain('interrupted')
  silent.close()
}, 30_000)

describe('a step', () => {
  test('may expect that nobody answers, as a condition may', async () => {
    const found = await ran([
      `{ http: "http://127.0.0.1:${closed}/", expect: { reachable: false }, capture: { there: reachable } }`,
      'assert: { value: "${{ !there }}" }',
      '{ http: "http://nobody.invalid/", expect: { resolves: false } }',
      `{ http: "http://127.0.0.1:${plain.port}/", expect: { reachable: true } }`,
    ])
    expect(found).toEqual(['passed', 'passed', 'passed', 'passed'])
  })
  const unread: readonly [name: string, step: (port: number) => string, why: string][] = [
    ['the name does not resolve', () => 'http: "http://nobody.invalid/", expect: { reachable: false }', 'no host'],
    [
      'a status is expected, too',
      (port) => `http: "http://127.0.0.1:${port}/", expect: { reachable: false, status: 200 }`,
      'refused',
    ],
    ['a text is negated', (port) => `http: "http://127.0.0.1:${port}/", expect: { text: { not: x } }`, 'refused'],
    [
      'a header is absent',
      (port) => `http: "http://127.0.0.1:${port}/", expect: { reachable: false, headers.x: { absent: true } }`,
      'refused',
    ],
    [
      'a path is absent',
      (port) => `http: "http://127.0.0.1:${port}/", expect: { reachable: false, $.x: { absent: true } }`,
      'refused',
    ],
    ['nothing is expected', (port) => `http: "http://127.0.0.1:${port}/"`, 'refused'],
    [
      'a default would be captured',
      (port) =>
        `http: "http://127.0.0.1:${port}/", expect: { reachable: false }, capture: { a: { from: $.a, default: 1 } }`,
      'refused',
    ],
  ]
  for (const [name, step, why] of unread)
    test(`fails without an answer where ${name}`, async () => {
      expect(await ran([`{ ${step(closed)} }`])).toEqual([expect.stringMatching(new RegExp(`^failed: .*${why}`))])
    })
})
