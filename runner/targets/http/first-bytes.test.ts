import { describe, expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import { FirstBytes } from './first-bytes.ts'

const FINAL = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'

/** The result for an answer that comes in these chunks. */
function seen(...chunks: readonly string[]): { text: string; count: number } {
  const stream = new PassThrough()
  const start = new FirstBytes(stream)
  start.begin()
  let text = ''
  for (const chunk of chunks) {
    stream.push(Buffer.from(chunk))
    text += stream.read()?.toString() ?? ''
  }
  return { text, count: start.count }
}

describe('an interim answer is passed over', () => {
  for (const interim of [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    'HTTP/1.0 102 \r\n\r\n',
  ])
    test(JSON.stringify(interim), () => {
      expect(seen(interim + FINAL).text).toBe(FINAL)
      expect(seen(interim, FINAL).text).toBe(FINAL)
      expect(seen(interim + interim + interim + FINAL).text).toBe(FINAL)
      expect(seen(...(interim + FINAL)).text).toBe(FINAL)
    })
  test('and counts as the beginning of an answer', () => {
    expect(seen('HTTP/1.1 100 Continue\r\n\r\n')).toEqual({ text: '', count: 25 })
  })
})

test('anything else is passed on as it is, however it comes', () => {
  for (const other of [
    FINAL,
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'SSH-2.0-OpenSSH_9\r\n',
    'HT',
    'HTTP/2 100\r\n\r\n',
  ])
    expect(seen(other, FINAL).text).toBe(other + FINAL)
})
