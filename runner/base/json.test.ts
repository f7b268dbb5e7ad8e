import { describe, expect, test } from 'bun:test'
import { exactJson } from './exact-json.ts'
import { incomplete } from './incomplete.ts'
import { readJson } from './json.ts'
import { spelledAt } from './spelling.ts'

describe('readJson', () => {
  test('reads a document with every digit of its integers', () => {
    expect(readJson('\ufeff {"id": 9007199254740993, "n": [1.5, -0]}\n')).toEqual({
      document: { id: 9007199254740993n, n: [1.5, -0] },
    })
  })
  test('keeps a key called __proto__', () => {
    expect(Object.keys(readJson('{"__proto__": {"admin": true}}').document as object)).toEqual(['__proto__'])
  })

  const faults: readonly [json: string, why: string][] = [
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['{"a": NaN}', 'line 1, column 7: NaN is not a JSON value'],
    ['{"a": -Infinity}', 'line 1, column 7: -Infinity is not a JSON value'],
    ['{"a":\n undefined}', 'line 2, column 2: undefined is not JSON here'],
    ['{"a": None}', 'line 1, column 7: None is not a JSON value: JSON has null'],
    ['{"a":1,}', 'line 1, column 8: a comma before the closing }'],
    ['[1,\n]', 'line 2, column 1: a comma before the closing ]'],
    ['[1,,2]', 'line 1, column 4: a comma without a value before it'],
    ['[1 2]', 'line 1, column 4: 2 is not JSON here: a comma is missing before it'],
    ["{'a': 1}", 'line 1, column 2: single quotes, where JSON has double quotes'],
    ['“a”', 'line 1, column 1: “ where JSON has "'],
    ['{a: 1}', 'line 1, column 2: the key a is not in double quotes'],
    [
      '{"a":1}\n{"a":2}\n',
      'line 2, column 1: a second JSON value begins here (NDJSON: one value a line, not one document)',
    ],
    ['[1]{"a":1}', 'line 1, column 4: a second JSON value begins here'],
    ['[1]]', 'line 1, column 4: ] closes nothing here'],
    ['{} // x', 'line 1, column 4: a comment, which JSON does not have'],
    ['<!DOCTYPE html><p>', 'it is an HTML page'],
    ['<?xml version="1.0"?>', 'it is XML or HTML'],
    [")]}',\n{}", "line 1, column 1: it begins with )]}' (a guard against scripts), which is not JSON"],
    ['\ufeff\ufeff{}', 'line 1, column 1: a byte order mark (U+FEFF) is not JSON'],
    ['{"a":1\u00a0}', 'line 1, column 7: a no-break space (U+00A0) is not JSON'],
    ['{"a":1', 'line 1, column 7: it ends too early, in the middle of an object'],
    ['{"a":[1,', 'line 1, column 9: it ends too early, in the middle of a list'],
    ['{"a":"b', 'line 1, column 6: a text that is never closed by "'],
    ['["a\nb"]', 'line 1, column 4: a line break inside a text, which JSON writes as \\n'],
    ['["a\tb"]', 'line 1, column 4: a control character inside a text, which JSON writes as \\u0009'],
    ['["a\\x"]', 'line 1, column 4: JSON does not have the escape \\x'],
    ['["\\u12"]', 'line 1, column 3: JSON does not have the escape \\u12"]'],
    ['{"a":01}', 'line 1, column 7: 01 is not a number of JSON'],
    ['{"a":+1}', 'line 1, column 6: +1 is not a number of JSON'],
    ['{"a":0x1F}', 'line 1, column 7: 0x1F is not a number of JSON'],
    ['[1.]', 'line 1, column 2: 1. is not a number of JSON'],
    ['hello world', 'line 1, column 1: hello is not JSON here'],
    ['['.repeat(50_000), 'it is nested too deeply to be read'],
  ]
  for (const [json, why] of faults)
    test(`says why ${JSON.stringify(json).slice(0, 40)} is not JSON, and where`, () => {
      expect(readJson(json)).toEqual({ noDocument: `not JSON: ${why}` })
    })

  test('knows no document where a key stands twice in one object', () => {
    const twice = (where: string) => ({
      document: incomplete(`the key "a" stands twice in one JSON object (${where})`),
    })
    expect(readJson('{"a":1,"a":1}')).toEqual(twice('line 1, column 8'))
    expect(readJson('[{"x":{"a":1,"b":{"a":2},\n"\\u0061":3}}]')).toEqual(twice('line 2, column 1'))
    expect(readJson('[{"a":1},{"a":{"a":":"}}]').document).toEqual([{ a: 1 }, { a: { a: ':' } }])
  })
  test('knows no document that is nested too deeply', () => {
    const nested = (depth: number) => readJson('['.repeat(depth) + ']'.repeat(depth)).document
    expect(nested(500)).toBeArray()
    for (const depth of [501, 50_000])
      expect(nested(depth)).toEqual(incomplete('the JSON document is nested deeper than 500 levels'))
  })
  test('keeps how a number is spelled beside its value', () => {
    const { document } = readJson('{"v": 1.10, "list": [1e3, 0.12345678901234567890, 3], "t": "1.10"}')
    expect(document).toEqual({ v: 1.1, list: [1000, 0.12345678901234568, 3], t: '1.10' })
    const { list } = document as { list: unknown[] }
    expect([
      String(spelledAt(document as object, 'v')),
      String(spelledAt(list, 0)),
      String(spelledAt(list, 1)),
    ]).toEqual(['1.10', '1e3', '0.12345678901234567890'])
    expect(exactJson(document)).toBe('{"v":1.10,"list":[1e3,0.12345678901234567890,3],"t":"1.10"}')
  })
})
