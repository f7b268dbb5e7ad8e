import { describe, expect, test } from 'bun:test'
import { edit } from './edit.ts'

type Edits = Parameters<typeof edit>[2]
type Case = readonly [name: string, text: string, edits: Edits, after: string]
const set = (path: string, value: unknown): Edits => ({ set: { [path]: value } })
const unset = (...paths: string[]): Edits => ({ unset: paths })

function keepsTheRest(format: Parameters<typeof edit>[0], cases: readonly Case[]): void {
  for (const [name, text, edits, after] of cases)
    test(name, async () => expect(await edit(format, text, edits)).toBe(after))
}

describe('an edit of JSON changes what it was asked to, and no other byte', () => {
  keepsTheRest('json', [
    [
      'spellings of numbers and texts',
      '{"a":9007199254740993,"b":1.10,"c":1e3,"d":"\\u00e9\\/","n":1}',
      set('$.n', 2),
      '{"a":9007199254740993,"b":1.10,"c":1e3,"d":"\\u00e9\\/","n":2}',
    ],
    [
      'the shape of a compact document',
      '{"a":1,"b":{"c":[1,2]}}',
      { set: { '$.b.d': { e: 1 }, '$.b.c[2]': 3 } },
      '{"a":1,"b":{"c":[1,2,3],"d":{"e":1}}}',
    ],
    ['odd spaces', '{ "a" : 1 ,\n\t"b":[ 1,2 ] }\n', set('$.a', 5), '{ "a" : 5 ,\n\t"b":[ 1,2 ] }\n'],
    [
      'a new key over lines',
      '{\n    "a": 1,\n    "b": {}\n}\n',
      { set: { '$.c': { d: [1] }, '$.b.x': 1 } },
      '{\n    "a": 1,\n    "b": {\n        "x": 1\n    },\n    "c": {\n        "d": [\n            1\n        ]\n    }\n}\n',
    ],
    [
      'comments and a last comma',
      '{\n  // one\n  "a": 1, // a\n  /* two */\n}\n',
      set('$.b', 2),
      '{\n  // one\n  "a": 1, // a\n  "b": 2,\n  /* two */\n}\n',
    ],
    ['a comment behind the last member', '{\n  "a": 1 // a\n}\n', set('$.b', 2), '{\n  "a": 1, // a\n  "b": 2\n}\n'],
    ['line ends of Windows', '{\r\n\t"a": 1\r\n}', set('$.b', [1]), '{\r\n\t"a": 1,\r\n\t"b": [\r\n\t\t1\r\n\t]\r\n}'],
    ['every digit of a large integer', '{"a": 1}', set('$.a', [9007199254740993n]), '{"a": [9007199254740993]}'],
    ['the key that counts of two', '{"a": 1, "a": 2}', set('$.a', 3), '{"a": 1, "a": 3}'],
    [
      'a key is removed with its line',
      '{\n  "a": 1,\n  "b": 2, // b\n  "c": 3\n}',
      unset('$.b', '$.c'),
      '{\n  "a": 1\n}',
    ],
    ['a key is removed from a line', '{"a": 1, "b": 2, "c": 3}', unset('$.a', '$.c'), '{"b": 2}'],
    ['the last key is removed', '{"a": {"b": 1}}', unset('$.a.b'), '{"a": {}}'],
    ['an item', '[1, 2, 3]', { set: { '$[-1]': 9 }, unset: ['$[0]'] }, '[2, 9]'],
    ['parents are made', '{"a": null}', { set: { '$.a.b': 1, '$.c.d': 2 } }, '{"a": {"b":1}, "c": {"d":2}}'],
    ['an empty file', '', set('$.a', 1), '{"a": 1}\n'],
    ['nothing is removed where nothing is', '{"a": 1}', unset('$.b', '$.a.c'), '{"a": 1}'],
  ])
  test.each([
    ['what is not JSON', '{"a": NaN}', set('$.a', 1), 'not JSON: line 1, column 7: NaN is not a JSON value'],
    ['a member of a scalar', '{"a": 1}', set('$.a.b', 1), '$.a is neither an object nor a list'],
    ['an item beyond the end', '{"a": [1]}', set('$.a[5]', 1), '$.a[5] is not there: the list has 1 items'],
  ])('is refused: %s', async (_, text, edits, why) => {
    expect((await edit('json', text, edits).catch((error) => error)).message).toBe(why)
  })
})

describe('an edit of .env changes what it was asked to, and no other byte', () => {
  keepsTheRest('env', [
    [
      'quotes, export and comments',
      `# top\nexport A="x" # a\nB='y'\nC=z # c\n\nD=1\n`,
      { set: { '$.A': 'p q', '$.B': 'r', '$.C': 's' } },
      `# top\nexport A="p q" # a\nB='r'\nC=s # c\n\nD=1\n`,
    ],
    ['spaces around the sign', 'A = 1\nB: 2\n', { set: { '$.A': 3, '$.B': 4 } }, 'A = 3\nB: 4\n'],
    ['line ends of Windows', 'A=1\r\nB=2\r\n', { set: { '$.A': 3, '$.C': 4 } }, 'A=3\r\nB=2\r\nC=4\r\n'],
    ['no line end at the end', 'A=1', { set: { '$.A': 2, '$.B': 3 } }, 'A=2\nB=3'],
    ['values over lines', 'A="1\n2"\nB=3\n', { set: { '$.B': 4 }, unset: ['$.A'] }, 'B=4\n'],
    ['the key that counts of two', 'A=1\nA=2\n', set('$.A', 3), 'A=1\nA=3\n'],
    ['every line of a key that goes', 'A=1\nB=2 # b\nexport A=3\n', unset('$.A'), 'B=2 # b\n'],
    ['names with dots are names', 'a.b=1\naxb=2\n', { set: { "$['a.b']": 3 } }, 'a.b=3\naxb=2\n'],
    ['a value that needs quotes', 'A=1\n', set('$.A', 'it has spaces'), "A='it has spaces'\n"],
    ['a value that its quotes can not hold', `A='x'\n`, set('$.A', "it's"), `A="it's"\n`],
    ['an empty value', 'A=\n', { set: { '$.A': 'x', '$.B': '' } }, 'A=x\nB=\n'],
    ['names alone', 'A\nB=1\n', set('$.B', 2), 'A\nB=2\n'],
  ])
  test('is refused where no quotes can hold the value', async () => {
    const error = await edit('env', 'A=1\n', set('$.A', `'"\`\\`)).catch((thrown) => thrown)
    expect(error.message).toBe("A can't be set to that: a .env file has no quotes for it")
  })
})

test('a format that the name does not tell is asked for', async () => {
  const error = await edit('text', '', set('$.a', 1)).catch((thrown) => thrown)
  expect(error.message).toContain('its name does not tell its format: write `as: json`')
})
