import { afterAll, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
import { fakeContext, fakeTarget } from './fake-target.ts'
import { tcp } from './tcp.ts'
import { cert, key } from './testdata/certificate.ts'
import { value } from './value.ts'

const plainServer = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
})
const rudeServer = createServer((socket) => socket.resetAndDestroy())
await new Promise<void>((resolve) => rudeServer.listen(0, '127.0.0.1', resolve))
await new Promise<void>((resolve) => plainServer.listen(0, '127.0.0.1', resolve))
const secure = Bun.serve({ port: 0, tls: { cert, key }, fetch: () => new Response('hello') })
afterAll(() => {
  plainServer.close()
  rudeServer.close()
  secure.stop(true)
})
const silentServer = createServer((socket) => void socket.on('error', () => undefined))
await new Promise<void>((resolve) => silentServer.listen(0, '127.0.0.1', resolve))
afterAll(() => void silentServer.close())
const silent = `127.0.0.1:${(silentServer.address() as { port: number }).port}`
const rude = `127.0.0.1:${(rudeServer.address() as { port: number }).port}`
const open = `127.0.0.1:${(plainServer.address() as { port: number }).port}`

const { probes } = kindsOf({ probes: [tcp, value] })
const context = fakeContext(fakeTarget('/'), { timeout: 5_000 })
const verdict = (plain: object) => {
  const timeout = JSON.stringify(plain).includes(silent) ? 300 : 5_000
  return makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check({ ...context, timeout })
}

const cases: readonly [name: string, plain: object, is: string][] = [
  ['a port that is open', { tcp: open }, 'holds'],
  ['a port that is closed is a reading', { tcp: '127.0.0.1:1' }, 'fails'],
  ['a port that is closed, as expected', { tcp: '127.0.0.1:1', open: false }, 'holds'],
  ['`none` of a closed port', { none: [{ tcp: '127.0.0.1:1' }] }, 'holds'],
  ['how long it took', { tcp: open, duration: { lt: '2s' } }, 'holds'],
  [
    'a certificate',
    {
      tcp: { to: `localhost:${secure.port}`, tls: true },
      expect: { 'certificate.subject': 'gateway.test', 'certificate.valid-to': { matches: '^20\\d\\d-' } },
    },
    'holds',
  ],
  [
    'a port that is open and shows none',
    { tcp: { to: open, tls: true }, open: true, certificate: { absent: true } },
    'holds',
  ],
  ['a port that is open and says nothing', { tcp: { to: silent, tls: true }, open: true }, 'holds'],
  [
    'a certificate that a peer hung up on, which shows nothing',
    { tcp: { to: rude, tls: true }, certificate: { absent: true } },
    'untaken',
  ],
  ['a certificate that is not known', { tcp: { to: silent, tls: true }, certificate: { absent: true } }, 'untaken'],
  [
    'a certificate that is not known, there',
    { tcp: { to: silent, tls: true }, certificate: { absent: false } },
    'untaken',
  ],
  [
    'a certificate that is not known, negated',
    { none: [{ tcp: { to: silent, tls: true }, certificate: { absent: true } }] },
    'untaken',
  ],
  ['a value that is true', { value: true }, 'holds'],
  ['a value that is not: there is no truthiness', { value: 'yes' }, 'fails'],
  ['a value that is null', { value: null, is: null }, 'holds'],
  ['a value that is expected', { value: [1, 2], is: { length: 2 } }, 'holds'],
  ['a path into a value', { value: { a: [1] }, expect: { '$.a[0]': 1 } }, 'holds'],
]
for (const [name, plain, is] of cases)
  test(name, async () => {
    expect((await verdict(plain)).is).toBe(is as never)
  })

test('refuses what is not an address, before anything runs', () => {
  const found = (params: unknown) =>
    [...(tcp.check?.(params, { file: 'plan.yaml', path: ['tcp'] }) ?? [])].map(({ message }) => message)
  for (const good of ['node', 'node:80', ':80', '80', 8080, '[::1]:80', '${{ a }}:80', 'x:${{ p }}', '${{ a }}'])
    expect(found(good)).toEqual([])
  expect(found('x:65536')).toEqual(['there is no port 65536'])
  expect(found('99999')).toEqual(['there is no port 99999'])
  expect(found('${{ a }}:0')).toEqual(['there is no port 0'])
  expect(found('x:http')).toEqual(['"http" is not a port'])
  expect(found('x:')).toEqual(['the port is missing'])
  expect(found('a b:80')).toEqual(['"a b" cannot be a host'])
  for (const bad of ['::1', 'http://x:80']) expect(found({ to: bad })).toEqual([expect.stringContaining('HOST:PORT')])
})
