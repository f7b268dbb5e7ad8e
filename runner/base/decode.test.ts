import { describe, expect, test } from 'bun:test'
import { decodeText } from './decode.ts'
import { incomplete } from './incomplete.ts'

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding))

describe('decodeText', () => {
  test('drops a byte order mark and follows it', () => {
    expect(decodeText(bytes('\ufeff{"a":1}'))).toBe('{"a":1}')
    expect(decodeText(bytes('\ufeffé', 'utf16le'), { charset: 'utf-8' })).toBe('é')
    expect(decodeText(new Uint8Array([0xfe, 0xff, 0, 0x61]))).toBe('a')
  })
  test('honors the charset', () => {
    expect(decodeText(bytes('Müller', 'latin1'), { charset: 'ISO-8859-1' })).toBe('Müller')
    expect(decodeText(new Uint8Array([0x82, 0xa0]), { charset: 'Shift_JIS' })).toBe('あ')
  })
  test('knows nothing of a text in an unknown encoding', () => {
    expect(decodeText(bytes('a'), { charset: 'klingon' })).toEqual(incomplete('the encoding "klingon" is unknown'))
  })
  test('is incomplete where bytes are not valid', () => {
    expect(decodeText(bytes('M\xfcller', 'latin1'))).toEqual(
      incomplete('some of its bytes are not UTF-8', 'M\ufffdller', 'inside'),
    )
  })
  test('is incomplete where the text was cut, without half a character', () => {
    expect(decodeText(bytes('aü').subarray(0, 2), { cut: 'cut at 2 bytes' })).toEqual(incomplete('cut at 2 bytes', 'a'))
  })
})

test('is not known where it looks like UTF-16 and nothing says so', () => {
  for (const text of ['PANIC', '{"a": 1} ']) {
    const wide = Buffer.from(`${text} `.slice(0, text.length + (text.length % 2)), 'utf16le')
    expect(decodeText(wide)).toMatchObject({ why: expect.stringContaining('look like UTF-16') })
    expect(decodeText(Buffer.from(wide).swap16(), { charset: 'utf-8' })).toMatchObject({ part: undefined })
    expect(decodeText(wide, { charset: 'utf-16le' })).toContain(text)
  }
  for (const text of ['a\0b', 'usr\0lib\0', '\0\0\0\0', '\0a']) expect(decodeText(Buffer.from(text))).toBe(text)
})
