import { describe, expect, test } from 'bun:test'
import { parseYaml } from './parse.ts'
import { plainOf } from './plain.ts'

/** `line:column message`, and what the line shows from there. */
function problems(text: string, foreign = false): string[] {
  return parseYaml(text, { foreign }).problems.map(({ start, message }) => {
    const before = text.slice(0, start).split('\n')
    return `${before.length}:${(before.at(-1)?.length ?? 0) + 1} ${message}`
  })
}

function value(text: string): unknown {
  const { yaml, problems: found } = parseYaml(text)
  expect(found).toEqual([])
  return yaml && plainOf(yaml)
}

const SECOND = 'a second document begins here, and a file holds one'

describe('a file of several documents', () => {
  test.each([
    ['a: 1\n---\nb: 2\n', `2:1 ${SECOND}`],
    ['a: 1\n...\nb: 2\n', `2:1 ${SECOND}`],
    ['a: 1\n...\n---\nb: 2\n', `3:1 ${SECOND}`],
    ['a: 1\n...\n# a comment\n\nb: 2\n', `2:1 ${SECOND}`],
    ['---\na: 1\n--- b\n', `3:1 ${SECOND}`],
    ['a: 1\n---\n~\n', `2:1 ${SECOND}`],
    ['a: 1\n---\n""\n', `2:1 ${SECOND}`],
    ['a: 1\n---\n[]\n', `2:1 ${SECOND}`],
    ['a: |\n  x\n--- |\n  y\n', `3:1 ${SECOND}`],
    ['a: 1\r\n---\r\nb: 2\r\n', `2:1 ${SECOND}`],
    ['a: 1\n---\n---\nb: 2\n', `3:1 ${SECOND}`],
    ['a: 1\n---\nb: 2\n---\nc: 3\n', '2:1 a second document begins here (there are 3), and a file holds one'],
    ['---\n---\na: 1\n---\nb: 2\n', `4:1 ${SECOND}`],
  ])('%j is refused at the marker', (text, problem) => {
    expect(problems(text)).toEqual([problem])
    expect(problems(text, true)).toEqual([problem])
  })
  test.each([
    'a: 1\n---\n',
    'a: 1\n...\n',
    'a: 1\n---\n# a comment\n\n',
    'a: 1\n...\n...\n',
    '---\n---\na: 1\n',
    '# x\n---\na: 1\n---\n---\n',
  ])('%j is one document, since the others are empty', (text) => {
    expect(value(text)).toEqual({ a: 1 })
  })
  test('a marker within a text is text', () => {
    expect(value('a: |\n  ---\n  ...\nb: "x\n\n  --- y"\n')).toEqual({ a: '---\n...\n', b: 'x\n--- y' })
  })
  test('what is wrong in the second document is not lost', () => {
    expect(problems('a: 1\n---\nb: [\n')).toContain('3:4 this bracket is never closed')
  })
})

describe('directives and tags', () => {
  test.each([
    ['%YAML 1.1\n---\na: yes\n', "1:1 the directive %YAML can't be used here: this is YAML 1.2"],
    ['%YAML 1.2\n---\na: yes\n', "1:1 the directive %YAML can't be used here: this is YAML 1.2"],
    ['%TAG ! tag:x,2000:\n---\na: 1\n', "1:1 the directive %TAG can't be used here: this is YAML 1.2"],
    ['%FOO\n---\na: 1\n', "1:1 the directive %FOO can't be used here: this is YAML 1.2"],
    ['a: !x 1\n', "1:4 the tag !x can't be used here"],
    ['a: !!set {b}\n', "1:4 the tag !!set can't be used here"],
    ['a: !!binary aGk=\n', "1:4 the tag !!binary can't be used here"],
    ['a: !!timestamp 2020-01-01\n', "1:4 the tag !!timestamp can't be used here"],
    ['a: !!float 1\n', "1:4 the tag !!float can't be used here"],
    ['!x a: 1\n', "1:1 the tag !x can't be used here"],
    ['a: [!<tag:x> 1]\n', "1:5 the tag !<tag:x> can't be used here"],
    ['- !x\n  a: 1\n', "1:3 the tag !x can't be used here"],
  ])('%j is refused', (text, problem) => {
    expect(problems(text)).toEqual([problem])
  })
  test('an exclamation mark within a text is text', () => {
    expect(value('a: "!x"\nb: x !y\nc: |\n  !z\n')).toEqual({ a: '!x', b: 'x !y', c: '!z\n' })
  })
  test.each(['%YAML 1.1\n---\na: yes\n', 'a: !!str 1\nb: !Ref x\n', '? [a]\n: 1\n', 'constructor: 1\n'])(
    'the files of other tools may hold %j',
    (text) => expect(problems(text, true)).toEqual([]),
  )
})

describe('values', () => {
  test('anchors and merges are written out, and own keys win', () => {
    expect(value('d: &d { a: 1, b: 2 }\ne: { b: 3, <<: *d }\nf: { <<: [*d, { c: 4 }], a: 5 }\ng: *d\n')).toEqual({
      d: { a: 1, b: 2 },
      e: { a: 1, b: 3 },
      f: { a: 5, b: 2, c: 4 },
      g: { a: 1, b: 2 },
    })
  })
  test('an anchor given twice means the one above', () => {
    expect(value('a: &x 1\nb: *x\nc: &x 2\nd: *x\n')).toEqual({ a: 1, b: 1, c: 2, d: 2 })
  })
  test('keys keep their spelling', () => {
    expect(Object.keys(value('1.10: a\n0777: b\nnull: c\ntrue: d\n') as object).sort()).toEqual([
      '0777',
      '1.10',
      'null',
      'true',
    ])
  })
  test('integers are exact', () => {
    expect(value('a: 9007199254740993\nb: 3\n')).toEqual({ a: 9007199254740993n, b: 3 })
  })
})

describe('nodes out of place', () => {
  test.each([
    ['a: 1\na: 2\n', '2:1 this key is given twice'],
    ['a: { "1": x, 1: y }\n', '1:14 this key is given twice'],
    ['a: *b\n', '1:4 a text that begins with * must be quoted, since YAML takes it for an alias'],
    ['a: &a [*a]\n', '1:8 *a is inside of what it names'],
    ['? [a]\n: 1\n', "1:3 a key can't be a mapping or a list"],
    ['<<: 5\n', '1:5 `<<` takes a mapping, or a list of them'],
    ['__proto__: 1\n', `1:1 "__proto__" can't be a key`],
  ])('%j is told', (text, problem) => {
    expect(problems(text)).toEqual([problem])
  })
})

describe('size', () => {
  const time = (text: string) => {
    const start = performance.now()
    parseYaml(text)
    return performance.now() - start
  }
  /** 4 for linear time, 16 for quadratic; the best of three, since others use this machine, too. */
  const growth = (text: (count: number) => string) =>
    Math.min(...[1, 2, 3].map(() => time(text(20_000)) / time(text(5_000))))
  test.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(20_000)],
    ['dashes', `${'- '.repeat(20_000)}x`],
    ['question marks', `${'? '.repeat(20_000)}x`],
    ['lines', Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['lists in lists', Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}-\n`).join('')],
  ])('depth by %s is refused before anything overflows', (_what, text) => {
    expect(problems(text)).toEqual([expect.stringMatching(/nested more than 100 deep$/)])
  })
  test('brackets within quotes, texts and comments are not depth', () => {
    const open = '[{'.repeat(500)
    expect(problems(`a: "${open}"\nb: '${open}'\nc: |\n  ${open}\nd: x${open}\n# ${open}\n`)).toEqual([])
  })
  const lines = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at)).join('')
  test.each<[string, (count: number) => string]>([
    ['keys on lines', (count) => lines(count, (at) => `k${at}: 1\n`)],
    ['keys within { }', (count) => `{${lines(count, (at) => `k${at}: 1, `)}}`],
    ['aliases', (count) => `a: &a 1\nb: [${'*a, '.repeat(count)}]\n`],
    ['anchors', (count) => `${lines(count, (at) => `k${at}: &a${at} 1\n`)}z: *a7\n`],
    ['merges', (count) => `d: &d { a: 1 }\n${lines(count, (at) => `k${at}: { <<: *d }\n`)}`],
    ['keys given twice', (count) => 'a: 1\n'.repeat(count)],
  ])('many %s take no longer than their number', (_what, text) => expect(growth(text)).toBeLessThan(10), 60_000)
  test('an alias bomb is told where it passes the limit', () => {
    const bomb = `a: &a [${'1,'.repeat(200)}1]\nb: &b [${'*a,'.repeat(20)}1]\nc: [*b, *b]\n`
    expect(problems(bomb)).toEqual([expect.stringMatching(/^2:\d+ aliases make this file larger/)])
  })
})
