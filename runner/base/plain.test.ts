import { describe, expect, test } from 'bun:test'
import { parse } from 'smol-toml'
import { incomplete } from './incomplete.ts'
import { plainValue } from './plain.ts'

describe('plainValue', () => {
  const cases: readonly [name: string, value: unknown, plain: unknown][] = [
    ['keeps plain values', { a: [1, 'x', null, true, { b: 1.5 }] }, { a: [1, 'x', null, true, { b: 1.5 }] }],
    ['keeps integers exact', [9007199254740993n, 5n, -9007199254740993n], [9007199254740993n, 5, -9007199254740993n]],
    ['makes text of dates', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['makes text of numbers that JSON lacks', [Number.NaN, 1 / 0, -1 / 0], ['NaN', 'Infinity', '-Infinity']],
    ['makes lists of sets and typed arrays', [new Set([1n]), new Int32Array([1, 2])], [[1], [1, 2]]],
    [
      'makes mappings of maps, whatever their keys',
      new Map<unknown, unknown>([[1n, new Date(0)]]),
      { 1: '1970-01-01T00:00:00.000Z' },
    ],
    ['makes base64 of bytes', [Buffer.from('hi'), new Uint8Array([104, 105]).buffer], ['aGk=', 'aGk=']],
    ['asks an object for its JSON', { toJSON: () => ({ at: new Date(0) }) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['makes null of undefined', [undefined], [null]],
    ['leaves what is incomplete as it is', { a: incomplete('cut') }, { a: incomplete('cut') }],
    [
      'keeps dates of TOML as they are written, with or without a zone',
      parse(
        'a = 2026-01-01\nb = 10:30:00\nc = 2026-01-01T10:30:00\nd = 2026-01-01 10:30:00.5Z\ne = 2026-01-01T10:30:00+02:00',
      ),
      {
        a: '2026-01-01',
        b: '10:30:00',
        c: '2026-01-01T10:30:00',
        d: '2026-01-01T10:30:00.500Z',
        e: '2026-01-01T10:30:00+02:00',
      },
    ],
  ]
  for (const [name, value, plain] of cases) test(name, () => expect(plainValue(value)).toEqual(plain))

  test('refuses a value that holds itself', () => {
    const own: unknown[] = []
    own.push(own)
    expect(() => plainValue(own)).toThrow('holds itself')
  })
  test('keeps a key named __proto__', () => {
    expect(Object.keys(plainValue(JSON.parse('{"__proto__": 1}')) as object)).toEqual(['__proto__'])
  })
})
