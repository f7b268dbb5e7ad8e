import { describe, expect, test } from 'bun:test'
import { CheckFailure } from '../../../runner/contracts/errors.ts'
import { edit } from './edit.ts'

type Edits = Parameters<typeof edit>[2]
const set = (path: string, value: unknown): Edits => ({ set: { [path]: value } })
const unset = (path: string): Edits => ({ unset: [path] })

describe('an edit of YAML changes what it was asked to, and no other byte', () => {
  const cases: readonly [name: string, text: string, edits: Edits, after: string][] = [
    [
      'spellings of numbers',
      'id: 9007199254740993\nmode: 0644\nver: 1.10\nhex: 0xFF\nexp: 1e3\nn: 1\n',
      set('$.n', 2),
      'id: 9007199254740993\nmode: 0644\nver: 1.10\nhex: 0xFF\nexp: 1e3\nn: 2\n',
    ],
    ['a comment behind the value', 'a: 1   # one\n# two\nb: 2\n', set('$.a', 9), 'a: 9   # one\n# two\nb: 2\n'],
    [
      'the quotes of a text',
      `a: "x"\nb: 'y'\nc: z\n`,
      { set: { '$.a': 'p', '$.b': 'q', '$.c': 'r' } },
      `a: "p"\nb: 'q'\nc: r\n`,
    ],
    [
      'blank lines and indentation',
      'a:\n\n    b:   1\n\n\n    c: 2\n',
      set('$.a.b', 5),
      'a:\n\n    b:   5\n\n\n    c: 2\n',
    ],
    ['long lines', `a: ${'x '.repeat(200)}x\nb: 1\n`, set('$.b', 2), `a: ${'x '.repeat(200)}x\nb: 2\n`],
    [
      'folded and literal blocks',
      'a: >-\n  x\n  y\n\nb: |+\n  z\n\nc: 1\n',
      set('$.c', 2),
      'a: >-\n  x\n  y\n\nb: |+\n  z\n\nc: 2\n',
    ],
    ['a block that is replaced', 'a: |\n  x\n  y\nb: 1\n', set('$.a', 'z'), 'a: z\nb: 1\n'],
    [
      'anchors, aliases and merges',
      'd: &d {x: 1}\ne:\n  <<: *d\n  y: 2\n',
      set('$.e.y', 3),
      'd: &d {x: 1}\ne:\n  <<: *d\n  y: 3\n',
    ],
    [
      'a merged key gets one of its own',
      'd: &d {x: 1}\ne:\n  <<: *d\n  y: 2\n',
      set('$.e.x', 3),
      'd: &d {x: 1}\ne:\n  <<: *d\n  y: 2\n  x: 3\n',
    ],
    ['an anchor on the value that nobody uses', 'a: &x 1\n', set('$.a', 2), 'a: &x 2\n'],
    ['an alias that is replaced', 'a: &x 1\nb: *x\n', set('$.b', 2), 'a: &x 1\nb: 2\n'],
    [
      'line ends of Windows',
      'a: 1\r\nb:\r\n  c: 2\r\n',
      { set: { '$.a': 5, '$.b.d': 6 } },
      'a: 5\r\nb:\r\n  c: 2\r\n  d: 6\r\n',
    ],
    ['no line end at the end', 'a: 1\nb: 2', { set: { '$.b': 3, '$.c': 4 } }, 'a: 1\nb: 3\nc: 4'],
    ['document markers and directives', '%YAML 1.2\n---\na: 1\n...\n', set('$.a', 2), '%YAML 1.2\n---\na: 2\n...\n'],
    [
      'a new key behind the others',
      'a:\n  b: 1 # c\n  # end\nz: 1\n',
      set('$.a.c', { d: [1, { e: 2 }] }),
      'a:\n  b: 1 # c\n  c:\n    d:\n      - 1\n      - e: 2\n  # end\nz: 1\n',
    ],
    [
      'the indentation of the document',
      'a:\n    b:\n        - 1\n',
      set('$.c', { d: 1 }),
      'a:\n    b:\n        - 1\nc:\n    d: 1\n',
    ],
    ['lists that are not indented', 'a:\n- 1\n', set('$.b', [2]), 'a:\n- 1\nb:\n- 2\n'],
    [
      'an item of a list',
      'a:\n  - x: 1\n    y: 2 # c\n  - z\n',
      set('$.a[0].y', 3),
      'a:\n  - x: 1\n    y: 3 # c\n  - z\n',
    ],
    [
      'a new item of a list',
      'a:\n  - x: 1\nb: 1\n',
      set('$.a[1]', { q: 2, z: 3 }),
      'a:\n  - x: 1\n  - q: 2\n    z: 3\nb: 1\n',
    ],
    ['the last item', 'a: [1, 2]\n', set('$.a[-1]', 3), 'a: [1, 3]\n'],
    [
      'flow collections',
      'a: {b: 1, c: [1, 2]} # d\n',
      { set: { '$.a.b': 2, '$.a.d': 'x, y', '$.a.c[2]': 3 } },
      'a: {b: 2, c: [1, 2, 3], d: "x, y"} # d\n',
    ],
    [
      'flow collections over lines',
      'a: {\n  b: 1,\n  c: 2\n}\n',
      set('$.a.d', 3),
      'a: {\n  b: 1,\n  c: 2,\n  d: 3\n}\n',
    ],
    ['JSON in YAML', '{"a": 1}\n', set('$.b', 2), '{"a": 1, "b": 2}\n'],
    ['empty collections', 'a: {}\nb: []\n', { set: { '$.a.x': 1, '$.b[0]': 2 } }, 'a: { x: 1 }\nb: [2]\n'],
    ['a key without a value', 'a:\nb: 1\n', set('$.a', 2), 'a: 2\nb: 1\n'],
    ['a key without a value that gets a member', 'a: # c\nb: 1\n', set('$.a.x', 2), 'a: {x: 2} # c\nb: 1\n'],
    ['parents are made', 'a: 1\n', set('$.b.c.d', 2), 'a: 1\nb:\n  c:\n    d: 2\n'],
    ['an empty file', '', set('$.a.b', 1), 'a:\n  b: 1\n'],
    ['a file of comments', '# nothing yet\n', set('$.a', 1), '# nothing yet\na: 1\n'],
    ['a large integer', 'a: 1\n', set('$.a', 9007199254740993n), 'a: 9007199254740993\n'],
    [
      'text that other readers take for something else',
      'a: x\n',
      { set: { '$.a': 'yes', '$.b': '0644', '$.c': '2026-01-01', '$.d': 'null', '$.e': '1:30' } },
      'a: "yes"\nb: "0644"\nc: "2026-01-01"\nd: "null"\ne: "1:30"\n',
    ],
    ['text over lines', 'a: x\n', set('$.a', 'p\nq: r\n'), 'a: "p\\nq: r\\n"\n'],
    ['a collection instead of a scalar', 'a: 1 # c\nb: 2\n', set('$.a', { x: [1] }), 'a: {x: [1]} # c\nb: 2\n'],
    ['a scalar instead of a collection', 'a: # c\n  x: 1\n  y: 2\nb: 2\n', set('$.a', 5), 'a: 5 # c\nb: 2\n'],
    [
      'a collection instead of another',
      'a:\n  x: 1\n  y: 2\nb: 2\n',
      set('$.a', { z: [1, 2] }),
      'a:\n  z:\n    - 1\n    - 2\nb: 2\n',
    ],
    ['a tag goes with the value', 'a: !!str 5\n', set('$.a', 6), 'a: 6\n'],
    ['a key is removed with its line', 'a: 1\nb: 2 # c\n# about c\nc: 3\n', unset('$.b'), 'a: 1\n# about c\nc: 3\n'],
    [
      'a key is removed with what it holds',
      'a: 1\nb:\n  x: 1\n\n# about c\nc: 3\n',
      unset('$.b'),
      'a: 1\n\n# about c\nc: 3\n',
    ],
    ['the first key of an item', 'a:\n  - x: 1\n    y: 2\n', unset('$.a[0].x'), 'a:\n  - y: 2\n'],
    ['the last key of a mapping', 'a:\n  x: 1\nb: 2\n', unset('$.a.x'), 'a:\n  {}\nb: 2\n'],
    ['an item', 'a:\n  - 1\n  - 2 # two\n  - 3\n', unset('$.a[1]'), 'a:\n  - 1\n  - 3\n'],
    ['a member of a flow collection', 'a: {x: 1, y: 2, z: 3}\n', { unset: ['$.a.x', '$.a.z'] }, 'a: {y: 2}\n'],
    ['what is not there is not removed', 'a: 1\n', unset('$.b.c'), 'a: 1\n'],
    [
      'merge sets the leaves',
      'a:\n  x: 1 # c\n  y: 2\n',
      { merge: { a: { x: 5 }, b: { z: 1 } } },
      'a:\n  x: 5 # c\n  y: 2\nb:\n  z: 1\n',
    ],
    ['quoted keys', '"a b": 1\n? c\n: 2\n', { set: { "$['a b']": 3, '$.c': 4 } }, '"a b": 3\n? c\n: 4\n'],
  ]
  for (const [name, text, edits, after] of cases)
    test(name, async () => expect(await edit('yaml', text, edits)).toBe(after))
})

describe('is refused where it would change more, or means nothing', () => {
  const cases: readonly [name: string, text: string, edits: Edits, why: string][] = [
    ['several documents', 'a: 1\n---\na: 2\n', set('$.a', 3), 'the file holds 2 YAML documents'],
    ['a path through an alias', 'a: &x {n: 1}\nb: *x\n', set('$.b.n', 2), '$.b is what the anchor &x names'],
    [
      'an anchored value that others use',
      'a: &x 1\nb: *x\n',
      set('$.a', 2),
      "$.a can't be edited without changing more",
    ],
    [
      'an anchor that others use is removed',
      'a: &x 1\nb: *x\n',
      unset('$.a'),
      'the alias *x would be left without its anchor',
    ],
    ['an item whose anchor others use', 'a: [&x 1, 2]\nb: *x\n', unset('$.a[0]'), '$.a[0] can'],
    ['a file that lacks an anchor already', 'a: 1\nb: *x\n', set('$.a', 2), 'the alias *x would be left without'],
    ['a member of a scalar', 'a: 1\n', set('$.a.b', 2), '$.a is neither a mapping nor a list'],
    ['an item beyond the end', 'a: [1]\n', set('$.a[3]', 2), '$.a[3] is not there: the list has 1 items'],
    ['what is not YAML', 'a: [1\n', set('$.a', 2), 'the file is not YAML'],
    ['a name in a list', 'a: [1]\n', set('$.a.b', 2), '$.a.b is in a list, which has no names'],
  ]
  for (const [name, text, edits, why] of cases)
    test(name, async () => {
      const error = await edit('yaml', text, edits).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(CheckFailure)
      expect(error.message).toContain(why)
    })
})
