import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import zlib from 'node:zlib'
import type { HttpRequest } from '../../contracts/target.ts'
import { sendHttp } from '../http.ts'
import type { Origin } from '../reach/origin.ts'
import { localTransport } from '../transport/local.ts'

const JSON_TEXT = '{"node":"up"}'
const zstd = (data: Uint8Array): Buffer =>
  (zlib as unknown as { zstdCompressSync(data: Uint8Array): Buffer }).zstdCompressSync(data)
const compress = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  raw: zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd,
}
type Name = keyof typeof compress
const codingOf = (name: Name) => (name === 'raw' ? 'deflate' : name)

/** The next answers of the server. */
let answer: (socket: Socket) => void
let server: Server
let base = ''
const transport = localTransport()
const origin: Origin = { transport, locate: async () => undefined, mark: () => 0, judge: async (error) => error }

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(async () => {
  await transport[Symbol.asyncDispose]()
  server.close()
})

const head = (lines: readonly string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const whole = (body: Uint8Array | string, lines: readonly string[] = []) => {
  const bytes = Buffer.from(body as string)
  answer = (socket) => {
    socket.write(head([...lines, `content-length: ${bytes.length}`, 'connection: close']))
    socket.end(bytes)
  }
}
const encoded = (body: Uint8Array, encoding: string) => whole(body, [`content-encoding: ${encoding}`])
const events = (text: Uint8Array | string, then: (socket: Socket) => void, lines: readonly string[] = []) => {
  answer = (socket) => {
    socket.write(head(['content-type: text/event-stream', 'connection: close', ...lines]))
    socket.write(text as string, () => then(socket))
  }
}
const closed = (socket: Socket) => void socket.end()
const open = () => undefined

const get = (more: Partial<HttpRequest> = {}) =>
  sendHttp(origin, { method: 'GET', url: base, timeout: 5_000, ...more }, new AbortController().signal)
const read = async (more: Partial<HttpRequest> = {}) => {
  const { body, cut, undecoded } = await get(more)
  return { text: Buffer.from(body).toString(), cut, undecoded }
}

describe('a body', () => {
  for (const name of Object.keys(compress) as Name[]) {
    test(`decodes ${name}`, async () => {
      encoded(compress[name](Buffer.from(JSON_TEXT)), codingOf(name))
      expect(await read()).toEqual({ text: JSON_TEXT, cut: undefined, undecoded: undefined })
    })
    test(`is not decoded where ${name} data ends too early`, async () => {
      const data = compress[name](Buffer.from(JSON_TEXT.repeat(1_000)))
      for (const length of [3, data.length >> 1, data.length - 1]) {
        encoded(data.subarray(0, length), codingOf(name))
        expect(await read()).toMatchObject({
          text: '',
          undecoded: expect.stringMatching(`its ${codingOf(name)} data is damaged`),
        })
      }
    })
    test(`is not decoded where it is not ${name}`, async () => {
      encoded(Buffer.from('this is plain text, whatever the header says'), codingOf(name))
      expect((await read()).undecoded).toStartWith(`its ${codingOf(name)} data is damaged: `)
    })
    test(`stops at the limit where ${name} grows without measure`, async () => {
      encoded(compress[name](Buffer.alloc(50_000_000)), codingOf(name))
      const { text, cut } = await read({ keep: 1_000_000 })
      expect([text.length, cut]).toEqual([1_000_000, 'cut at 1000000 bytes'])
    })
  }
  test('undoes several encodings, the last one first', async () => {
    encoded(zlib.brotliCompressSync(zlib.gzipSync(JSON_TEXT)), 'X-GZip, identity, BR')
    expect((await read()).text).toBe(JSON_TEXT)
    answer = (socket) => {
      const data = zlib.deflateSync(zlib.gzipSync(JSON_TEXT))
      socket.write(head(['Content-Encoding: gzip', 'content-encoding: deflate', 'connection: close']))
      socket.end(data)
    }
    expect((await read()).text).toBe(JSON_TEXT)
  })
  test('decodes members and frames one after another', async () => {
    encoded(Buffer.concat([zlib.gzipSync('a'), zlib.gzipSync('b')]), 'gzip')
    expect((await read()).text).toBe('ab')
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    encoded(Buffer.concat([zstd(Buffer.from('a')), skipped, zstd(Buffer.alloc(300_000, 'b'))]), 'zstd')
    expect((await read()).text).toHaveLength(300_001)
  })
  test('is not decoded where the encoding is unknown, or there are too many', async () => {
    encoded(Buffer.from('x'), 'gzip, compress')
    expect(await read()).toMatchObject({ text: '', undecoded: expect.stringContaining('"compress" is unknown') })
    encoded(Buffer.from('x'), Array(6).fill('gzip').join())
    expect((await read()).undecoded).toContain('6 content-encodings')
  })
  test('may be empty in any encoding', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'gzip, br']) {
      encoded(Buffer.alloc(0), encoding)
      expect(await read()).toEqual({ text: '', cut: undefined, undecoded: undefined })
    }
  })
  test('that is cut by its server is an error, encoded or not', async () => {
    const half = zlib.gzipSync(JSON_TEXT).subarray(0, 15)
    for (const lines of [[], ['content-encoding: gzip']]) {
      answer = (socket) => {
        socket.write(head([...lines, 'content-length: 100']))
        socket.end(half)
      }
      expect(await read().catch((error: Error) => error.message)).toMatch('cut off by')
    }
  })
  test('is whole at the limit, and cut one byte beyond', async () => {
    whole(Buffer.alloc(16 * 1024 * 1024, 'x'))
    expect((await get()).cut).toBeUndefined()
    whole(Buffer.alloc(16 * 1024 * 1024 + 1, 'x'))
    const { body, cut } = await get()
    expect([body.length, cut]).toEqual([16 * 1024 * 1024, 'cut at 16 MiB'])
  })
})

describe('headers', () => {
  test('are read as UTF-8, and as Latin-1 where they are not', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-a: ')
      socket.write(Buffer.from('Müller\r\nx-b: '))
      socket.write(Buffer.from('M\xfcller\r\ncontent-length: 0\r\nconnection: close\r\n\r\n', 'latin1'))
    }
    expect((await get()).headers).toMatchObject({ 'x-a': 'Müller', 'x-b': 'Müller' })
  })
})

describe('a stream of events', () => {
  const data = (text: string) => ({ event: 'message', data: text })

  test('gives name, id and data of each event', async () => {
    events('event: warn\nid: 7\ndata: one\ndata: two\n\nevent: done\n\nretry: 100\n\ndata\n\ndata: last', closed)
    const { events: found, cut } = await get()
    expect(found).toEqual([{ event: 'warn', id: '7', data: 'one\ntwo' }, data('')])
    expect(cut).toBeUndefined()
  })
  test('is recognized in any case and with parameters, and ends lines by CR, too', async () => {
    answer = (socket) => {
      const text = '\ufeffdata: 1\r\rdata: 2\r\n\r\n: bye\r'
      socket.end(`${head(['Content-Type: Text/Event-Stream ; charset=utf-8', 'connection: close'])}${text}`)
    }
    expect((await get()).events).toEqual([data('1'), data('2')])
  })
  test('is decoded while it is open', async () => {
    const begun = zlib.gzipSync('data: 1\n\n', { finishFlush: zlib.constants.Z_SYNC_FLUSH })
    events(begun, open, ['content-encoding: gzip'])
    const { events: found, cut } = await get({ enough: (soFar) => soFar.events?.length === 1 })
    expect([found, cut]).toEqual([[data('1')], 'the stream was still open'])
  })
  test('is not read any further once what has come is enough', async () => {
    events('data: 1\n\ndata: 2\n\n', open)
    const counts: (number | undefined)[] = []
    const { events: found, duration } = await get({
      enough: (soFar) => {
        counts.push(soFar.events?.length)
        return soFar.events?.length === 2
      },
    })
    expect(found).toHaveLength(2)
    expect([counts[0], counts.at(-1)]).toEqual([0, 2])
    expect(duration).toBeLessThan(4_000)
  })
  test('is read to its end where nothing is enough', async () => {
    events('data: 1\n\n', closed)
    expect(await get({ enough: () => false })).toMatchObject({ events: [data('1')] })
  })
  test('that stays open gives what came in time, and says that it was cut', async () => {
    events('data: 1\n\n', open)
    expect(await get({ timeout: 100 })).toMatchObject({
      events: [data('1')],
      cut: 'the answer did not end within 100ms',
    })
    events(': hello\n\n', open)
    expect(await get({ timeout: 100 })).toMatchObject({ events: [], cut: 'the answer did not end within 100ms' })
  })
  test('that its server breaks off, or that is too long, says that it was cut', async () => {
    events('data: 1\n\n', (socket) => socket.resetAndDestroy(), ['transfer-encoding: chunked'])
    answer = (socket) => {
      socket.write(head(['content-type: text/event-stream', 'transfer-encoding: chunked']))
      socket.write('9\r\ndata: 1\n\n\r\n', () => socket.end())
    }
    expect(await get()).toMatchObject({ events: [data('1')], cut: expect.stringContaining('cut off by') })
    events(`data: 1\n\ndata: ${'x'.repeat(2_000)}\n\n`, closed)
    expect(await get({ keep: 1_000 })).toMatchObject({ cut: 'cut at 1000 bytes' })
  })
  test('left open after [DONE] is not waited for until the time limit', async () => {
    events('data: 1\n\ndata: [DONE]\n\n', open)
    const { events: found, cut, duration } = await get()
    expect([found, cut]).toEqual([[data('1'), data('[DONE]')], undefined])
    expect(duration).toBeLessThan(4_000)
  })
  test('that ends by an abort throws the reason of the abort', async () => {
    const controller = new AbortController()
    const reason = new Error('the step is over')
    events('data: 1\n\n', () => controller.abort(reason))
    const sent = sendHttp(origin, { method: 'GET', url: base, timeout: 5_000 }, controller.signal)
    expect(await sent.catch((error) => error)).toBe(reason)
  })
})
