import { describe, expect, test } from 'bun:test'
import { incomplete } from '../../runner/base/incomplete.ts'
import { type Format, formatOf, readDocument } from './file-format.ts'

describe('the document of a file', () => {
  const cases: readonly [name: string, format: Format, text: string, document: unknown][] = [
    [
      'TOML dates are text as they are written',
      'toml',
      'd = 2026-01-01\nt = 10:30:00',
      { d: '2026-01-01', t: '10:30:00' },
    ],
    [
      'a time that is finer than the reader is known in part only',
      'toml',
      'a = 2026-01-01T10:00:00.123456Z\nb = 2026-01-01T10:00:01.5Z\nc = [10:00:00.0001]',
      {
        a: incomplete('its fractions of a second beyond milliseconds were not read'),
        b: '2026-01-01T10:00:01.500Z',
        c: [incomplete('its fractions of a second beyond milliseconds were not read')],
      },
    ],
    [
      'integers of any size are exact in TOML',
      'toml',
      'a = 9007199254740993\nb = [-9223372036854775808]\nc = 5',
      { a: 9007199254740993n, b: [-9223372036854775808n], c: 5 },
    ],
    ['integers of any size are exact in YAML', 'yaml', 'a: 9007199254740993\nb: [1]', { a: 9007199254740993n, b: [1] }],
    ['integers of any size are exact in JSON', 'json', '{"a": [9007199254740993, 1]}', { a: [9007199254740993n, 1] }],
    ['numbers that JSON lacks are text', 'toml', 'a = nan\nb = -inf', { a: 'NaN', b: '-Infinity' }],
    ['numbers that JSON lacks are text in YAML', 'yaml', 'a: .nan\nb: .inf', { a: 'NaN', b: 'Infinity' }],
    ['YAML dates are text', 'yaml', 'a: 2026-01-01', { a: '2026-01-01' }],
    [
      'what YAML tags is a plain value',
      'yaml',
      'a: !!timestamp 2026-01-01\nb: !!binary aGk=\nc: !!set {x, y}\nd: !custom z\ne: !!omap [f: 1]\n? [1, 2]\n: 9007199254740993',
      {
        a: '2026-01-01T00:00:00.000Z',
        b: 'aGk=',
        c: ['x', 'y'],
        d: 'z',
        e: { f: 1 },
        '[ 1, 2 ]': 9007199254740993n,
      },
    ],
    [
      'YAML 1.1 has other words',
      'yaml',
      '%YAML 1.1\n---\na: yes\nb: 2026-01-01',
      { a: true, b: '2026-01-01T00:00:00.000Z' },
    ],
    ['merge keys are merged', 'yaml', 'a: &a {x: 1}\nb: {<<: *a, y: 2}', { a: { x: 1 }, b: { x: 1, y: 2 } }],
    ['an empty last YAML document is none', 'yaml', 'a: 1\n---\n', { a: 1 }],
    ['a YAML file of comments is null', 'yaml', '# nothing\n', null],
    [
      '.env knows quotes, export, comments and names alone',
      'env',
      'A="x # y" # c\nexport B=\'z\'\nC\nD="1\n2"\n# end',
      { A: 'x # y', B: 'z', D: '1\n2' },
    ],
    [
      'INI is text',
      'ini',
      'a=true\nb=null\nc=010\nflag\n[s.t]\nd[]=1\nd[]=2',
      { a: 'true', b: 'null', c: '010', flag: 'true', s: { t: { d: ['1', '2'] } } },
    ],
  ]
  for (const [name, format, text, document] of cases)
    test(name, async () => expect(await readDocument(format, text)).toEqual({ document }))

  const none: readonly [name: string, format: Format, text: string, why: string][] = [
    ['JSON', 'json', '{"a": NaN}', 'not JSON: line 1, column 7: NaN is not a JSON value'],
    ['YAML', 'yaml', 'a: [1\nb: 2\n', 'not YAML: line 1, column 4: this bracket is never closed'],
    ['YAML with a key twice', 'yaml', 'a: 1\na: 2\n', 'not YAML: line 2, column 1: this key is given twice'],
    ['an unknown alias', 'yaml', 'a: *x\n', 'not YAML: '],
    [
      'a second YAML document',
      'yaml',
      'a: 1\n---\nb: 2\n',
      'not YAML: line 2, column 1: a second document begins here',
    ],
    ['an empty YAML file', 'yaml', ' \n', 'not YAML: it is empty'],
    ['a YAML value that holds itself', 'yaml', '&a [*a]', 'not YAML: line 1, column 5: *a is inside of what it names'],
    ['TOML', 'toml', 'a = 1\nb = \n', 'not TOML: line 2, column 5: invalid value'],
    ['.env', 'env', 'A=1\n<html>\n', 'not .env: line 2, column 1: it is not KEY=value'],
    ['an open quote in .env', 'env', 'A="x\nB=1\n', 'not .env: line 1, column 1: the quote " is not closed'],
    ['INI', 'ini', 'a=1\n[open\n', 'not INI: line 2, column 1: it is neither [section] nor key=value'],
    ['text', 'text', '{}', 'its name does not tell its format: write `as: json`'],
  ]
  for (const [name, format, text, why] of none)
    test(`says why there is none: ${name}`, async () => {
      const { noDocument, ...rest } = await readDocument(format, text)
      expect(rest).toEqual({})
      expect(noDocument).toStartWith(why)
    })

  test('formats are told by the name, in any case', () => {
    expect(
      ['a.JSON', 'b.yml', '.env', '.env.local', 'x.env', 'nginx.conf', 'json'].map((name) => formatOf(name)),
    ).toEqual(['json', 'yaml', 'env', 'env', 'env', 'text', 'text'])
  })
})
