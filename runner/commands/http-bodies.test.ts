/** Bodies, headers and requests through the command line: `field/w02`, `w04`, `w05`, `w16`, `w17`, and further cases of their kind. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib from 'node:zlib'
import type { RunEvent } from '../contracts/events.ts'
import { runCli } from './testing.ts'

const UP = Buffer.from('{"node":"up"}')
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const zstd = (zlib as unknown as { zstdCompressSync(data: Uint8Array): Buffer }).zstdCompressSync(UP)
const LIMIT = 16 * 1024 * 1024

interface Answer {
  readonly head?: readonly string[]
  readonly body: Uint8Array | string
  /** The connection stays open, and no length is given. */
  readonly open?: boolean
  /** The connection is reset behind the body. */
  readonly reset?: boolean
}
const stream = (body: string, more: Partial<Answer> = {}): Answer => ({
  head: ['Content-Type: Text/Event-Stream; charset=utf-8'],
  body,
  ...more,
})

const answers: Readonly<Record<string, Answer>> = {
  '/gzip': { head: ['Content-Encoding: gzip'], body: zlib.gzipSync(UP) },
  '/deflate': { head: ['Content-Encoding: deflate'], body: zlib.deflateSync(UP) },
  '/raw': { head: ['Content-Encoding: deflate'], body: zlib.deflateRawSync(UP) },
  '/br': { head: ['Content-Encoding: br'], body: zlib.brotliCompressSync(UP) },
  '/zstd': { head: ['Content-Encoding: zstd'], body: zstd },
  '/twice': { head: ['Content-Encoding: gzip, br'], body: zlib.brotliCompressSync(zlib.gzipSync(UP)) },
  '/compress': { head: ['Content-Encoding: compress'], body: 'xyz' },
  '/damaged': { head: ['Content-Encoding: gzip'], body: zlib.gzipSync(UP).subarray(0, 20) },
  '/zstd-cut': { head: ['Content-Encoding: zstd'], body: zstd.subarray(0, -3) },
  '/bomb': { head: ['Content-Encoding: gzip'], body: zlib.gzipSync(Buffer.alloc(LIMIT + 1, 'x')) },
  '/br-more': { head: ['Content-Encoding: br'], body: Buffer.concat([zlib.brotliCompressSync(UP), UP]) },
  '/deflate-more': { head: ['Content-Encoding: deflate'], body: Buffer.concat([zlib.deflateSync(UP), UP]) },
  '/reset': { body: '{"node":"up"}', open: true, reset: true },
  '/utf16-unsaid': { head: ['Content-Type: application/json'], body: Buffer.from('{"node":"up"} ', 'utf16le') },
  '/latin1': { head: ['Content-Type: application/json; Charset="ISO-8859-1"'], body: latin1('{"name":"M\xfcller"}') },
  '/no-charset': { head: ['Content-Type: application/json'], body: latin1('{"name":"M\xfcller"}') },
  '/klingon': { head: ['Content-Type: text/plain; charset=klingon'], body: 'nuqneH' },
  '/utf16': { head: ['Content-Type: text/plain; charset=utf-16'], body: Buffer.from('\ufeff{"node":"up"}', 'utf16le') },
  '/bom': { body: '\ufeff{"node":"up"}' },
  '/big': { body: Buffer.concat([Buffer.alloc(LIMIT, 'x'), Buffer.from('ERROR')]) },
  '/headers': { head: ['X-Dup: one', 'x-DUP: two', 'Set-Cookie: a=1', 'Set-Cookie: b=2'], body: '{}' },
  '/null': { body: '{"a":null}' },
  '/nan': { body: '{"a": NaN}' },
  '/twice-a': { body: '{"a":1,"a":2}' },
  '/open': stream('event: state\nid: 7\ndata: {"a":1}\n\n', { open: true }),
  '/ended': stream('event: state\nid: 7\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
}

let folder = ''
let server: Server
let base = ''
/** The last request: its first line and headers. */
let asked = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-bodies-'))
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (bytes) => reply(socket, String(bytes)))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function reply(socket: Socket, request: string): void {
  asked = request
  const path = /^\S+ ([^ ?]*)/.exec(request)?.[1] ?? ''
  const { head = [], body, open = false, reset = false } = answers[path] ?? { body: '{}' }
  const bytes = Buffer.from(body as string)
  const lines = ['HTTP/1.1 200 OK', 'Connection: close', ...(open ? [] : [`Content-Length: ${bytes.length}`]), ...head]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (open) socket.write(bytes, () => reset && socket.resetAndDestroy())
  else socket.end(bytes)
}

/** Outcome and message of each step. */
async function ran(...steps: readonly string[]): Promise<readonly string[]> {
  const { place, out, err } = await cli('run', steps)
  const [results] = await Array.fromAsync(new Bun.Glob('shakedown-results/*/events.ndjson').scan(place))
  if (results === undefined) throw new Error(`${out}${err}`)
  const events = readFileSync(join(place, results), 'utf8').trim().split('\n')
  return events
    .map((line) => JSON.parse(line) as RunEvent)
    .flatMap((event) => (event.is === 'step.ended' ? [event] : []))
    .map(({ outcome, failure }) => (failure ? `${outcome}: ${failure.message}` : outcome))
}

async function cli(command: 'run' | 'lint', steps: readonly string[], more = '') {
  const place = mkdtempSync(join(folder, 'plan-'))
  const lines = steps.map((step) => `  - ${step.replaceAll('HOST', base)}\n`)
  writeFileSync(join(place, 'plan.yaml'), `plan: Bodies\ntarget: here\n${more}steps:\n${lines.join('')}`)
  writeFileSync(join(place, 'targets.yaml'), 'targets:\n  here: { runtime: process }\n')
  return { place, ...(await runCli([command, 'plan.yaml'], { cwd: place, env: { PW: 'hunter22-hunter22' } })) }
}

const got = (path: string, expected: string) => `assert: { http: "http://HOST${path}", ${expected} }`

describe('a body', () => {
  test('is decoded, in any content-encoding and charset', async () => {
    const paths = ['/gzip', '/deflate', '/raw', '/br', '/zstd', '/twice', '/utf16', '/bom']
    const found = await ran(...paths.map((path) => got(path, 'expect: { $.node: up }')))
    expect(found).toEqual(paths.map(() => 'passed'))
    const negated = await ran(...paths.map((path) => got(path, 'text: { not: { contains: node } }')))
    expect(negated).toEqual(paths.map(() => expect.stringMatching(/^failed: text is /)))
    expect(await ran(got('/latin1', 'text: { ends-with: "Müller\\"}" }, expect: { $.name: Müller }'))).toEqual([
      'passed',
    ])
  })

  const unknown: readonly [path: string, why: string][] = [
    ['/compress', 'the content-encoding "compress" is unknown'],
    ['/damaged', 'its gzip data is damaged'],
    ['/zstd-cut', 'its zstd data is damaged'],
    ['/br-more', 'its br data is damaged: more bytes follow its end'],
    ['/deflate-more', 'its deflate data is damaged: more bytes follow its end'],
    ['/reset', 'cut off by'],
    ['/utf16-unsaid', 'its bytes look like UTF-16 or UTF-32'],
    ['/klingon', 'the encoding "klingon" is unknown'],
    ['/no-charset', 'some of its bytes are not UTF-8'],
    ['/big', 'cut at 16 MiB'],
    ['/bomb', 'cut at 16 MiB'],
  ]
  for (const [path, why] of unknown)
    test(`satisfies nothing where ${why}, negated or not`, async () => {
      const found = await ran(
        got(path, 'text: { contains: ERROR }'),
        got(path, 'text: { not: { contains: ERROR } }'),
        got(path, 'expect: { $.a: { absent: true } }'),
        got(path, 'expect: { $.a: { not: 1 } }'),
        got(path, 'json: { absent: true }'),
        got(path, 'json: { absent: false }'),
        `assert: { none: [{ http: "http://HOST${path}", text: { contains: ERROR } }] }`,
      )
      expect(found).toEqual(found.map(() => expect.stringContaining(why)))
      expect(found.every((one) => one.startsWith('failed: could not be read: '))).toBe(true)
    })
  test('holds where the missing part cannot change it', async () => {
    expect(
      await ran(got('/big', 'status: 200, text: { contains: xxx }'), got('/no-charset', 'text: { contains: ller }')),
    ).toEqual(['passed', 'passed'])
    expect(await ran(got('/big', 'text: { not: { contains: xxx } }'))).toEqual([
      expect.stringMatching(/^failed: text is /),
    ])
  })
  test('says why it is not JSON, and does not choose between equal keys', async () => {
    expect(
      await ran(got('/nan', 'expect: { $.a: { absent: true } }'), got('/twice-a', 'expect: { $.a: { not: 1 } }')),
    ).toEqual([
      expect.stringContaining('not JSON: line 1, column 7: NaN is not a JSON value'),
      expect.stringContaining('the key "a" stands twice in one JSON object (line 1, column 8)'),
    ])
  })
})

describe('header names', () => {
  test('match in any case: beside a probe, under expect, beside a step, and in captures', async () => {
    const found = await ran(
      got('/headers', 'expect: { headers.X-Dup: "one, two", header-lists.X-DUP: [one, two] }'),
      got('/headers', 'headers.X-Dup: { absent: false }, header-lists.set-cookie: [a=1, b=2]'),
      '{ http: "http://HOST/headers", expect: { headers.X-DUP: "one, two" }, capture: { all: header-lists.X-dup, one: headers.X-Dup } }',
      `assert: { value: "\${{ one == 'one, two' && all[1] == 'two' }}" }`,
      got('/headers', 'headers: { contains: { X-DUP: "one, two" } }'),
    )
    expect(found).toEqual(found.map(() => 'passed'))
  })
  test('are never absent under another spelling', async () => {
    const found = await ran(
      got('/headers', 'expect: { headers.X-Dup: { absent: true } }'),
      got('/headers', 'expect: { header-lists.X-DUP: { absent: true } }'),
      got('/headers', 'headers: { not: { contains: { X-DUP: "one, two" } } }'),
    )
    expect(found).toEqual(found.map(() => expect.stringMatching(/^failed: header/)))
  })
})

describe('a stream of events', () => {
  test('that stays open is read until what has come decides', async () => {
    const start = performance.now()
    const found = await ran(
      got('/open', 'events: { any: { contains: a } }'),
      got('/open', "event-list: { any: { contains: { event: state, id: '7' } } }"),
      got('/open', "expect: { '$[0].a': 1, events.text: { contains: a } }"),
      '{ http: "http://HOST/open", expect: { events: { length: { gte: 1 } } } }',
      'wait-for: { http: "http://HOST/open", events: { any: { contains: a } } }',
      "{ http: 'http://HOST/open', capture: { one: '$[0].a', two: events.0, three: { from: events.text, matches: '\"(.)\"' } } }",
      `assert: { value: "\${{ one == 1 && two == '{\\"a\\":1}' && three == 'a' }}" }`,
      got('/open', 'events: { none: { contains: a } }'),
    )
    expect(found).toEqual([...Array(7).fill('passed'), expect.stringMatching(/^failed: events is /)])
    // The default time limit of one reading alone is 5 s.
    expect(performance.now() - start).toBeLessThan(10_000)
  })
  test('that stays open satisfies nothing that its rest could change', async () => {
    const open = (expected: string) => `assert: { http: { get: "http://HOST/open", timeout: 200ms }, ${expected} }`
    const found = await ran(
      open('events: { none: { contains: z } }'),
      open('events: { length: 1 }'),
      open('events.last: \'{"a":1}\''),
      open('events.text: { not: { contains: z } }'),
      open('event-list: { each: { contains: { event: state } } }'),
      open("expect: { '$[*].a': [1] }"),
      open("expect: { '$[1]': { absent: true } }"),
      open('duration: { lt: 10s }'),
    )
    expect(found).toEqual(
      found.map(() => expect.stringMatching(/^failed: could not be read: .*did not end within 200ms/)),
    )
  })
  test('that has ended is known as a whole', async () => {
    const list = "[{ event: state, id: '7', data: '{\"a\":1}' }, { event: message, data: '[DONE]' }]"
    const found = await ran(
      got('/ended', `event-list: ${list}, events.last: '[DONE]', expect: { '$[*].a': [1], '$[1]': { absent: true } }`),
    )
    expect(found).toEqual(['passed'])
  })
})

describe('a request', () => {
  test('sends the user of its URL', async () => {
    expect(await ran('http: "http://bob:hunter22@HOST/"')).toEqual(['passed'])
    expect(asked).toContain(`authorization: Basic ${btoa('bob:hunter22')}`)
    expect(await ran('http: "http://b%40b:p%2Fw%@HOST/"')).toEqual(['passed'])
    expect(asked).toContain(`authorization: Basic ${btoa('b@b:p/w%')}`)
    expect(await ran('http: "HTTP://bob@HOST/"')).toEqual(['passed'])
    expect(asked).toContain(`authorization: Basic ${btoa('bob:')}`)
  })
  test('masks the user of its URL where that is a secret', async () => {
    const { out, place } = await cli(
      'run',
      ['http: { get: "http://bob:${{ secrets.pw }}@HOST/", headers: { x-a: "1" } }\n    expect: { status: 201 }'],
      'secrets: { pw: { env: PW } }\n',
    )
    expect(out).toContain('expected 201')
    expect(asked).toContain(btoa('bob:hunter22-hunter22'))
    const [results] = await Array.fromAsync(new Bun.Glob('shakedown-results/*/events.ndjson').scan(place))
    for (const shown of [out, readFileSync(join(place, results ?? ''), 'utf8')]) {
      expect(shown).not.toContain('hunter22-hunter22')
      expect(shown).not.toContain(btoa('bob:hunter22-hunter22'))
    }
  })
  test('has its query before the fragment, and never sends that', async () => {
    expect(await ran('http: { get: "http://HOST/x?a=1#top", query: { b: [2, 3] } }')).toEqual(['passed'])
    expect(asked).toStartWith('GET /x?a=1&b=2&b=3 HTTP/1.1\r\n')
    expect(await ran('http: { options: "http://HOST#top" }')).toEqual(['passed'])
    expect(asked).toStartWith('OPTIONS / HTTP/1.1\r\n')
  })
  test('sends every digit and spelling, and never null', async () => {
    expect(
      await ran(
        'http: { get: "http://HOST/x", query: { a: 12345678901234567890, b: [1.10, 0777] }, headers: { x-n: 12345678901234567890 } }',
      ),
    ).toEqual(['passed'])
    expect(asked).toStartWith('GET /x?a=12345678901234567890&b=1.10&b=0777 HTTP/1.1\r\n')
    expect(asked).toContain('x-n: 12345678901234567890')
    const nothing = 'assert: { http: { get: "http://HOST/x", '
    const found = await ran(
      '{ http: "http://HOST/null", capture: { nil: $.a } }',
      'assert: { http: "http://HOST/x/${{ nil }}" }',
      `${nothing}headers: { x: "\${{ nil }}" } } }`,
      `${nothing}query: { x: "\${{ nil }}" } } }`,
      `${nothing}query: { x: [1, "a\${{ nil }}"] } } }`,
    )
    const refused = expect.stringContaining('nil is null, and text is wanted here')
    expect(found).toEqual(['passed', ...Array(4).fill(refused)])
  })
  test('sends several parts', async () => {
    expect(await ran('http: { post: "http://HOST/", multipart: { a: 1, f: { file: targets.yaml } } }')).toEqual([
      'passed',
    ])
    expect(asked).toMatch(/content-type: multipart\/form-data; boundary=/i)
  })
  test('is checked before anything runs', async () => {
    const { out, err, code } = await cli('lint', [
      'http: "http://HOST99999/"',
      'wait-for: { tcp: "x:70000" }',
      'collect: { http: ["http://x:0/"] }',
    ])
    expect(code).toBe(2)
    for (const said of ['99999', 'there is no port 70000', 'there is no port 0']) expect(out + err).toContain(said)
  })
})
