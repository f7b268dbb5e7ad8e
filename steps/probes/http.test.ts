import { afterAll, describe, expect, test } from 'bun:test'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
import { markPlace } from '../../runner/contracts/source.ts'
import { fakeContext, fakeTarget } from './fake-target.ts'
import { http } from './http.ts'

const asked: { method: string; path: string; headers: Record<string, string>; body: string }[] = []
const server = Bun.serve({
  port: 0,
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url)
    asked.push({
      method: request.method,
      path: pathname + search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    })
    return answers[pathname]?.() ?? Response.json({ node: 'up', height: 12 })
  },
})
afterAll(() => server.stop(true))

const answers: Record<string, () => Response | Promise<Response>> = {
  '/text': () => new Response('hello'),
  '/huge': () => new Response('{"id": 9007199254740993, "n": 1.5}', { headers: { 'x-retry': '8' } }),
  '/failing': () => Response.json({ error: 'oops' }, { status: 500 }),
  '/slow': async () => {
    await Bun.sleep(3_000)
    return new Response('late')
  },
  '/stream': () =>
    new Response('data: {"n": 1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\n', {
      headers: { 'content-type': 'text/event-stream' },
    }),
}

const base = `http://127.0.0.1:${server.port}`
const { probes } = kindsOf({ probes: [http] })
const context = fakeContext(fakeTarget('/'))
const verdict = (plain: object) =>
  makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check({ ...context, timeout: 1_000 })

async function sent(params: object) {
  asked.length = 0
  await http.read(params as never, context)
  return asked[0]
}

describe('a request', () => {
  test('GETs a bare URL', async () => {
    asked.length = 0
    await http.read(`${base}/state` as never, context)
    expect(asked).toMatchObject([{ method: 'GET', path: '/state', body: '' }])
  })

  test('carries a query, headers and JSON', async () => {
    const query = { a: 1, b: 'x y' }
    const request = await sent({
      post: `${base}/x?q=0`,
      query,
      headers: { 'X-Id': 5 },
      json: { big: 9007199254740993n },
    })
    expect(request).toMatchObject({
      method: 'POST',
      path: '/x?q=0&a=1&b=x+y',
      body: '{"big":9007199254740993}',
      headers: { 'x-id': '5', 'content-type': 'application/json' },
    })
  })

  test('repeats keys of lists, and adds a query before the fragment', async () => {
    const request = await sent({ post: `${base}/x#top`, query: { a: [1, 'x y'], b: 2 }, form: { c: [true, ''] } })
    expect(request).toMatchObject({ path: '/x?a=1&a=x+y&b=2', body: 'c=true&c=' })
    expect((await sent({ get: `${base}/x?#top`, query: { a: 12345678901234567890n } }))?.path).toBe(
      '/x?a=12345678901234567890',
    )
  })

  test('carries a body of several parts', async () => {
    const multipart = markPlace(
      {
        title: 'žluť',
        n: [1, 2],
        me: { file: 'http.test.ts', type: 'text/plain' },
        csv: { content: 'a;b', filename: 'x"y' },
      },
      { file: import.meta.path, path: [] },
    )
    const { headers, body } = (await sent({ post: base, multipart })) ?? {}
    const [, boundary] = /^multipart\/form-data; ?boundary="?([^"]+)"?$/.exec(headers?.['content-type'] ?? '') ?? []
    const parts =
      body
        ?.split(`--${boundary}`)
        .slice(1, -1)
        .map((part) => part.trim().split('\r\n')) ?? []
    expect(parts.map((lines) => lines[0]?.replace('Content-Disposition: form-data; ', ''))).toEqual([
      'name="title"',
      'name="n"',
      'name="n"',
      'name="me"; filename="http.test.ts"',
      'name="csv"; filename="x%22y"',
    ])
    expect([parts[0]?.at(-1), parts[2]?.at(-1), parts[4]?.at(-1)]).toEqual(['žluť', '2', 'a;b'])
    expect(parts[3]?.join()).toContain('Content-Type: text/plain')
    expect(parts[3]?.join()).toContain('carries a body of several parts')
  })

  test('carries a form, a text, and either authorization', async () => {
    expect(await sent({ put: base, form: { a: '1&2' } })).toMatchObject({
      body: 'a=1%262',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(await sent({ patch: base, body: 'raw', bearer: 'T' })).toMatchObject({
      body: 'raw',
      headers: { authorization: 'Bearer T' },
    })
    expect(await sent({ delete: base, basic: 'user:pass' })).toMatchObject({
      method: 'DELETE',
      headers: { authorization: 'Basic dXNlcjpwYXNz' },
    })
  })

  test('reads with GET, HEAD and OPTIONS, and changes with the others', () => {
    expect(
      ['get', 'head', 'options', 'post', 'put'].map((method) => http.effect?.({ [method]: base } as never)),
    ).toEqual(['reads', 'reads', 'reads', 'changes', 'changes'])
  })

  test('depends on the service in its host and the one it is sent from', () => {
    expect(http.services?.('http://gateway:80/x')).toEqual(['gateway'])
    expect(http.services?.({ get: 'http://gateway/x', in: 'node' })).toEqual(['gateway', 'node'])
    expect(http.services?.('http://${{ host }}/x')).toEqual([])
    expect(http.services?.('HTTP://bob:pw@gateway:80?x')).toEqual(['gateway'])
    expect(http.services?.("http://bob:${{ a['x/y@z'] }}@gateway/x")).toEqual(['gateway'])
  })
})

describe('a request that makes no sense is refused, at the exact key', () => {
  const cases: readonly [params: unknown, path: readonly (string | number)[], said: RegExp][] = [
    ['gateway/health', [], /"gateway\/health" is not an HTTP URL/],
    ['/health', [], /is not an HTTP URL/],
    [{ get: 'ftp://gateway/x' }, ['get'], /is not an HTTP URL/],
    ['http://http://x/', [], /has its scheme twice/],
    ['http:///x', [], /has no host/],
    ['http://a b/', [], /"a b" cannot be a host/],
    ['http://256.1.1.1/', [], /"256.1.1.1" cannot be a host/],
    ['http://[::1/', [], /bracket/],
    ['http://x:99999/', [], /there is no port 99999/],
    ['http://x:0/', [], /there is no port 0/],
    ['http://x:/', [], /the port is missing/],
    ['http://x:http/', [], /"http" is not a port/],
    ["http://${{ 'a:/b' }}:65536/${{ path }}", [], /there is no port 65536/],
    [
      { get: 'http://u:p@x/', basic: 'y:z' },
      ['basic'],
      /one authorization, and here are the user in the URL and basic/,
    ],
    [{ get: base, basic: 'y:z', headers: { Authorization: 'x' } }, ['headers', 'Authorization'], /one authorization/],
    [{ get: base, headers: { 'X-A': 1, 'x-a': 2 } }, ['headers', 'x-a'], /"X-A" and "x-a" are the same header/],
    [{ post: base, multipart: { a: { file: 'none.bin' } } }, ['multipart', 'a', 'file'], /there is no file none.bin/],
    [{ post: base, multipart: { a: [1, { type: 'x' }] } }, ['multipart', 'a', 1], /either `file` or `content`/],
    [{ json: {} }, [], /a method and a URL/],
    [{ get: base, post: base }, ['post'], /one method, and here are get and post/],
    [{ post: base, json: {}, form: {} }, ['form'], /one body/],
    [{ get: base, bearer: 'x', basic: 'y:z' }, ['basic'], /one authorization/],
  ]
  for (const [params, path, said] of cases)
    test(JSON.stringify(params), () => {
      const found = [...(http.check?.(params, { file: 'plan.yaml', path: ['http'] }) ?? [])]
      expect(found).toMatchObject([{ place: { path: ['http', ...path] } }])
      expect(found[0]?.message).toMatch(said)
    })

  test('and one that does is not', () => {
    const ready = { file: 'targets.yaml', path: ['targets', 'a', 'services', 'b', 'ready', 'http'] }
    expect([...(http.check?.('/health', ready) ?? [])]).toEqual([])
    for (const params of [
      base,
      'HTTP://[::1]:65535/x',
      'http://bob:${{ pw }}@${{ host }}:${{ port }}/',
      '${{ url }}',
      { post: '${{ url }}', json: 1, bearer: 'x' },
    ])
      expect([...(http.check?.(params, { file: 'plan.yaml', path: [] }) ?? [])]).toEqual([])
  })
})

describe('an answer', () => {
  const cases: readonly [name: string, plain: object, is: string][] = [
    ['JSON by path', { http: `${base}/`, expect: { '$.node': 'up', '$.height': { gte: 12 } } }, 'holds'],
    ['status and headers', { http: `${base}/huge`, status: 200, 'headers.x-retry': 8 }, 'holds'],
    ['integers beyond 2^53', { http: `${base}/huge`, expect: { '$.id': 9007199254740993n, '$.n': 1.5 } }, 'holds'],
    ['and not the one beside it', { http: `${base}/huge`, expect: { '$.id': 9007199254740992 } }, 'fails'],
    ['text', { http: `${base}/text`, text: 'hello' }, 'holds'],
    ['text that is no JSON', { http: `${base}/text`, expect: { '$.a': { absent: true } } }, 'fails'],
    ['a status of 500 by itself', { http: `${base}/failing`, expect: { '$.error': 'oops' } }, 'untaken'],
    [
      'a status of 500 that is expected',
      { http: `${base}/failing`, status: 500, expect: { '$.error': 'oops' } },
      'holds',
    ],
    ['a status of 500 for who asks if it answers', { http: `${base}/failing`, reachable: true }, 'holds'],
    ['the duration', { http: `${base}/`, duration: { lte: '10s' } }, 'holds'],
    [
      'a stream',
      {
        http: `${base}/stream`,
        'events.last': '[DONE]',
        events: { length: 3 },
        expect: { 'events.text': { contains: '{"n": 2}' }, '$[*].n': [1, 2] },
      },
      'holds',
    ],
    ['no answer in time', { http: { get: `${base}/slow`, timeout: '50ms' }, status: 200 }, 'untaken'],
    [
      'no answer in time, which was expected',
      { http: { get: `${base}/slow`, timeout: '50ms' }, reachable: false },
      'holds',
    ],
    ['refused', { http: 'http://127.0.0.1:1/', status: { not: 200 } }, 'untaken'],
    ['refused, which was expected', { http: 'http://127.0.0.1:1/', reachable: false }, 'holds'],
  ]
  for (const [name, plain, is] of cases)
    test(`${name}: ${is}`, async () => {
      expect((await verdict(plain)).is).toBe(is as never)
    })

  test('a time limit of its own never goes beyond the rest of a wait', async () => {
    const start = performance.now()
    await http.read({ get: `${base}/slow`, timeout: '2s' } as never, { ...context, rest: 50 })
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})
