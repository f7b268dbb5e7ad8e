import { describe, expect } from 'bun:test'
import { isError } from '../../../../contracts/errors.ts'
import type { Runtime, Service } from '../../../../contracts/target.ts'
import { bindTarget } from '../../../target.ts'
import { until } from '../../../transport/conformance/run.ts'
import { base, container, engine, never, opened, SERVES, transport, useContainers } from '../test-containers.ts'
import { bareImage } from '../test-images.ts'
import { prepare, dockerTest as test } from '../testing.ts'

useContainers()
let runtime: Runtime
let web = ''
let db = ''

/** Passes back what it is told, until it is told no more. */
const ECHOES = [
  'perl',
  '-e',
  'use IO::Socket::INET; my $s=IO::Socket::INET->new(LocalPort=>7,Listen=>9,ReuseAddr=>1) or die; while(my $c=$s->accept){ unless(fork){ my $all=0; while(sysread $c,my $b,65536){ $all+=length $b; syswrite $c,$b } print $c "end $all"; exit } }',
]

prepare(async () => {
  web = await container({ image: await bareImage(), command: ['/sleeper', '1000'] })
  db = await container({ command: SERVES, body: { ExposedPorts: { '80/tcp': {} } } })
  const echo = await container({ command: ECHOES })
  runtime = await opened({
    web: { container: web },
    db: { container: db },
    echo: { container: echo, port: 7 },
    many: { container: db, port: 81 },
  })
})

const target = () => bindTarget({ name: 'box', transport, runtime, home: base, config: {} }, never).target
const get = (url: string, from = 'web') => target().http({ method: 'GET', url, in: from, timeout: 5_000 })
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error as Error & { code?: string },
  )
const helpers = async () => {
  const filters = encodeURIComponent(
    JSON.stringify({ label: Object.entries(labelled).map(([key, value]) => `${key}=${value}`) }),
  )
  const all = await (await engine()).json<{ Id: string; Names: string[] }[]>(
    'GET',
    `/containers/json?all=1&filters=${filters}`,
  )
  return all.filter(({ Names }) => Names.some((name) => name.startsWith('/shakedown-inside-')))
}
const labelled = { 'shakedown.run': 'run', 'shakedown.case': 'case' }

describe('a reading from inside a container that has nothing in it', () => {
  test('asks by HTTP: a service by its name, with or without its port, and an address', async () => {
    const address = runtime.service('db').names().address
    for (const url of ['http://db/', 'http://db:80/x', `http://${db}/`, `http://${address}/`])
      expect(Buffer.from((await get(url)).body).toString()).toBe('{"a":1}')
  })
  test('what listens nowhere is refused, a name that nobody has is not found, and itself is 127.0.0.1', async () => {
    expect((await thrown(get('http://many/')))?.message).toMatch(/^refused by .*:81$/)
    expect((await thrown(get('http://no-such-name/')))?.message).toBe(
      'there is no host "no-such-name", nor a service of that name',
    )
    expect((await thrown(target().connect('127.0.0.1:80', { in: 'web' })))?.code).toBe('ECONNREFUSED')
    const socket = await target().connect(':80', { in: 'db' })
    socket.destroy()
  })
  test('megabytes go both ways, and either side may end first', async () => {
    const socket = await target().connect('echo', { in: 'web' })
    const sent = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256))
    const back: Buffer[] = []
    const ended = new Promise((resolve) => socket.on('data', (chunk: Buffer) => back.push(chunk)).once('end', resolve))
    socket.end(sent)
    await ended
    const all = Buffer.concat(back)
    expect(all.subarray(0, sent.length).equals(sent)).toBe(true)
    expect(all.subarray(sent.length).toString()).toBe('end 3000000')
  })
  test('an answer that does not come is given up, and ten at once get their own', async () => {
    const nobody = runtime.service('db').names().address.replace(/\d+$/, '250')
    const late = await thrown(target().connect(`${nobody}:80`, { in: 'web', timeout: 300 }))
    expect(['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH']).toContain(late?.code ?? '')
    const all = await Promise.all(Array.from({ length: 10 }, () => get('http://db/')))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  })
  test('one small helper serves them all; one that was removed is made again', async () => {
    await get('http://db/')
    const found = await helpers()
    expect(found.length).toBe(2)
    for (const { Id } of found) await (await engine()).bytes('DELETE', `/containers/${Id}?force=1`)
    expect((await get('http://db/')).status).toBe(200)
  })
  test('after a restart it is the new namespace', async () => {
    const other = await container({ image: await bareImage(), command: ['/sleeper', '1000'] })
    const again = await opened({ web: { container: other }, db: { container: db } })
    const ask = () =>
      bindTarget({ name: 'box', transport, runtime: again, home: base, config: {} }, never).target.http({
        method: 'GET',
        url: 'http://db/',
        in: 'web',
        timeout: 5_000,
      })
    expect((await ask()).status).toBe(200)
    await (await engine()).bytes('POST', `/containers/${other}/restart?t=0`)
    expect((await ask()).status).toBe(200)
    await again[Symbol.asyncDispose]()
  })
  test('one that is paused, stopped or gone can’t be asked, and that is told', async () => {
    const other = await container()
    const service: Service = (await opened({ web: { container: other } })).service('web')
    const daemon = await engine()
    const refused = async () => {
      const error = await thrown(service.connect?.({ host: 'db', port: 80 }, never) as Promise<unknown>)
      expect(isError(error, 'target') && error.transient).toBe(true)
      return error?.message
    }
    await daemon.bytes('POST', `/containers/${other}/pause`)
    expect(await refused()).toBe('web is paused')
    await daemon.bytes('POST', `/containers/${other}/unpause`)
    await daemon.bytes('POST', `/containers/${other}/kill`)
    expect(await refused()).toBe('web is exited')
    await daemon.bytes('DELETE', `/containers/${other}?force=1`)
    expect(await refused()).toBe('web has no container: it was removed')
  })
  test('nothing of it is left when the target is closed', async () => {
    await get('http://db/')
    expect((await helpers()).length).toBeGreaterThan(0)
    await runtime[Symbol.asyncDispose]()
    await until(async () => (await helpers()).length === 0, 'the helpers are gone')
  })
})
