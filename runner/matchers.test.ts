import { describe, expect, test } from 'bun:test'
import { ABSENT } from './jsonpath.ts'
import { checkMatcher, matcherNames, matcherSchema, meets, mismatch, says } from './matchers.ts'

const place = { file: 'plan.yaml', path: ['steps', 0, 'expect', '$.a'] }
const HUGE = 9007199254740993n

/** matcher, values that meet it, values that don't. */
const vocabulary: readonly [matcher: unknown, met: readonly unknown[], unmet: readonly unknown[]][] = [
  ['up', ['up'], ['UP', 'down', ABSENT, null]],
  [1, [1], ['1', true, 1.5]],
  [null, [null], [0, '', ABSENT]],
  [
    [1, [2]],
    [[1, [2]]],
    [
      [1, 2],
      [1, [2], 3],
    ],
  ],
  [{ equals: { a: [1], b: null } }, [{ b: null, a: [1] }], [{ a: [1] }, { a: [1], b: null, c: 0 }, ['a']]],
  [{ not: 'up' }, ['down', null], ['up', ABSENT]],
  [{ gt: 1 }, [2, '2', '1.5', HUGE], [1, '1', 'x', '', null, [], ABSENT]],
  [{ gte: 1 }, [1, '1'], [0.9]],
  [{ lt: 1 }, [0, '-3'], [1]],
  [{ lte: 1 }, [1], [1.1, '2 apples']],
  [{ lte: '10s' }, [9_999, '9s', '9500ms'], [10_001, '1m', '1MB']],
  [{ gte: '10MiB' }, [10_485_760, '11MiB', '1GB'], ['10MB', '10s']],
  [{ lte: '1MB/h' }, ['500KB/h', 200], ['1MB/m', 300]],
  [{ lt: '90%' }, ['85%', 85], ['95%', '1s']],
  [{ between: [1, 3] }, [1, 3, '2'], [0, 4, 'x', ABSENT]],
  [{ 'close-to': { value: 10, within: 2 } }, [8, 12, '11'], [7, 13, 'x']],
  [{ 'close-to': { value: '10s', within: '500ms' } }, [10_400, '9.6s'], [10_600]],
  [{ contains: 'ell' }, ['hello', ['x', 'ell']], ['Hallo', ['hello'], null]],
  [{ contains: { a: 1 } }, [{ a: 1, b: 2 }], [{ a: 2 }, { b: 1 }]],
  [{ 'starts-with': 'text/' }, ['text/html'], ['a text/']],
  [{ 'ends-with': 'ok' }, ['all ok'], ['okay']],
  [{ matches: '^v\\d+' }, ['v12 beta'], ['beta v12', ABSENT]],
  [{ matches: '^2' }, [204], [404]],
  [{ 'one-of': [0, 1] }, [0, 1], [2, '0']],
  [{ type: 'number' }, [1, HUGE], ['1']],
  [{ type: 'integer' }, [1, HUGE], [1.5]],
  [{ type: 'null' }, [null], [0, ABSENT]],
  [{ type: 'mapping' }, [{}], [[]]],
  [{ absent: true }, [ABSENT], [null, 0, '']],
  [{ absent: false }, [null, 0, ''], [ABSENT]],
  [{ length: 2 }, [[1, 2], 'ab', { a: 1, b: 2 }, '👍👍'], [[1], 2, null]],
  [{ length: { gte: 1 } }, [['x']], [[], '']],
  [{ each: { gte: 1 } }, [[1, 2]], [[1, 0], [], 'text', ABSENT]],
  [{ any: 'x' }, [['y', 'x']], [['y'], []]],
  [{ none: 'x' }, [['y']], [['x'], [], ABSENT]],
  [{ unique: true }, [[1, 2, { a: 1 }]], [[1, 1], [{ a: 1 }, { a: 1 }], []]],
  [{ 'all-equal': true }, [[1, 1], [1]], [[1, 2], []]],
  [{ 'all-equal': false }, [[1, 2]], [[1, 1], []]],
  [{ 'same-items': [1, 'a', 1] }, [[1, 1, 'a']], [[1, 'a'], [1, 'a', 'a'], 'text', ABSENT]],
  [{ gt: '2026-01-01' }, ['2026-01-01T00:00:01Z', 'Wed, 21 Oct 2026 07:28:00 GMT'], ['2025-12-31', 1, '30s']],
  [{ schema: { type: 'object', required: ['a'] } }, [{ a: 1 }], [{}, 'a']],
  [{ equals: 'UP', 'ignore-case': true }, ['up'], ['down']],
  [{ matches: '^error', 'ignore-case': true }, ['ERROR: x'], ['an error']],
  [{ each: { contains: 'OK' }, 'ignore-case': true }, [['ok', 'Okay']], [['no']]],
  [{ gte: 1, lte: 3 }, [1, 3], [0, 4]],
  [HUGE, [HUGE], [9007199254740992, String(HUGE)]],
  [{ lt: HUGE }, [9007199254740992, '9007199254740992', 1.5], [HUGE, '9007199254740993']],
]

describe('the vocabulary', () => {
  for (const [matcher, met, unmet] of vocabulary)
    test(says(matcher), () => {
      expect(met.filter((value) => !meets(matcher, value))).toEqual([])
      expect(unmet.filter((value) => meets(matcher, value))).toEqual([])
      // What is met has no explanation, what is not met has one.
      expect(met.map((value) => mismatch(matcher, value))).toEqual(met.map(() => undefined))
      for (const value of unmet) expect(mismatch(matcher, value)).toMatchObject({ expected: expect.any(String) })
      expect(checkMatcher(matcher, place)).toEqual([])
    })

  test('has no word without an example here and a line in the editor', () => {
    const used = vocabulary.flatMap(([matcher]) =>
      typeof matcher === 'object' && matcher !== null ? Object.keys(matcher) : [],
    )
    expect(matcherNames.filter((name) => !used.includes(name))).toEqual([])
    expect(Object.keys(matcherSchema.properties).sort()).toEqual([...matcherNames].sort())
  })
})

test('absent fails every matcher, `not` too, and only `absent: true` matches it', () => {
  for (const [matcher] of vocabulary)
    expect([matcher, meets(matcher, ABSENT)]).toEqual([matcher, Bun.deepEquals(matcher, { absent: true })])
})

test('text compares with the usual spelling of a number or boolean, JSON never does', () => {
  expect(meets(8, '8', { text: true })).toBe(true)
  expect(meets(true, 'true', { text: true })).toBe(true)
  expect(meets({ 'one-of': [0, 8] }, '8', { text: true })).toBe(true)
  expect(meets({ each: 8 }, ['8'], { text: true })).toBe(true)
  expect(meets(8, '08', { text: true })).toBe(false)
  expect(meets(null, 'null', { text: true })).toBe(false)
  expect(meets(8, '8')).toBe(false)
})

describe('what is said of a value', () => {
  const cases: readonly [matcher: unknown, actual: unknown, expected: string, said: string, at?: string[]][] = [
    ['down', 'up', '"down"', '"up"', []],
    [1, '1', '1', '"1" (a text, and a number was expected)', []],
    ['true', true, '"true"', 'true (a boolean, and a text was expected)', []],
    [{ gte: 1, lte: 3 }, 5, 'at most 3', '5', ['lte']],
    [{ gte: 1 }, 'many', 'at least 1', '"many" (not a number)', ['gte']],
    [{ length: { gte: 3 } }, [1], 'length at least 3', '[1] (length 1)', ['length']],
    [
      { none: { matches: 'panic' } },
      ['fine', 'panic: x'],
      'no item to be text matching /panic/',
      '["fine","panic: x"] (item 1 is "panic: x")',
      ['none'],
    ],
    [{ each: { gt: 0 } }, [1, 0], 'each item to be more than 0', '[1,0] (item 1 is 0)', ['each']],
    [
      { each: 1 },
      [],
      'each item to be 1',
      '[] (over an empty list nothing holds; say `length: 0` if that is meant)',
      ['each'],
    ],
    [{ unique: true }, ['a', 'a'], 'no repeats', '["a","a"] (item 1 is "a")', ['unique']],
    ['x', ABSENT, '"x"', 'absent', []],
    [{ absent: true }, null, 'absent', 'null', ['absent']],
    [HUGE, 9007199254740992, '9007199254740993', '9007199254740992', []],
    [{ equals: { n: HUGE } }, { n: 1 }, '{"n":9007199254740993}', '{"n":1}', ['equals']],
    [
      { schema: { required: ['a'] } },
      {},
      'a value that its schema allows',
      "{} (it must have required property 'a')",
      ['schema'],
    ],
  ]
  for (const [matcher, actual, expected, said, at = []] of cases)
    test(`${said}, expected ${expected}`, () => {
      expect(mismatch(matcher, actual)).toMatchObject({ expected, actual: said, at })
    })

  test('a long list is told by its size and its last item', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`)
    expect(mismatch({ any: { matches: 'panic' } }, lines)?.actual).toBe('40 items (the last is "line 39")')
    expect(mismatch({ none: 'line 7' }, lines)?.actual).toBe('40 items (item 7 is "line 7")')
  })

  test('a long value is cut', () => {
    expect(mismatch('x', 'y'.repeat(10_000))?.actual.length).toBeLessThan(140)
  })
})

describe('a matcher that makes no sense is refused before anything runs', () => {
  const cases: readonly [matcher: unknown, code: string, path: readonly string[], message: RegExp][] = [
    [{}, 'vacuous', [], /expects nothing/],
    [{ 'ignore-case': true }, 'vacuous', ['ignore-case'], /alone/],
    [{ length: { gte: 0 } }, 'vacuous', ['length'], /never fail/],
    [{ length: { gt: -1 } }, 'vacuous', ['length'], /never fail/],
    [{ length: {} }, 'vacuous', ['length'], /expects nothing/],
    [{ matches: '' }, 'vacuous', ['matches'], /never fail/],
    [{ matches: '.*' }, 'vacuous', ['matches'], /never fail/],
    [{ matches: '[' }, 'bad-regex', ['matches'], /not a regular expression/],
    [{ matches: 5 }, 'bad-regex', ['matches'], /is a text/],
    [{ 'starts-with': '' }, 'vacuous', ['starts-with'], /never fail/],
    [{ contains: '' }, 'vacuous', ['contains'], /never fail/],
    [{ not: {} }, 'vacuous', ['not'], /expects nothing/],
    [{ not: { absent: true } }, 'bad-matcher', ['not', 'absent'], /hard to read/],
    [{ each: {} }, 'vacuous', ['each'], /expects nothing/],
    [{ each: { matchs: 'x' } }, 'unknown-matcher', ['each', 'matchs'], /did you mean "matches"\?/],
    [{ greater: 1 }, 'unknown-matcher', ['greater'], /valid here/],
    [{ absent: true, equals: 1 }, 'vacuous', ['absent'], /never hold/],
    [{ absent: 'yes' }, 'bad-matcher', ['absent'], /true or false/],
    [{ gte: 'soon' }, 'bad-matcher', ['gte'], /can't be ordered/],
    [{ gte: [1] }, 'bad-matcher', ['gte'], /can't be ordered/],
    [{ between: [1] }, 'bad-matcher', ['between'], /list of two/],
    [{ between: [5, 1] }, 'vacuous', ['between'], /never hold/],
    [{ between: ['1s', '1MB'] }, 'bad-matcher', ['between'], /can't be ordered/],
    [{ 'close-to': 5 }, 'bad-matcher', ['close-to'], /\{value, within\}/],
    [{ 'one-of': [] }, 'bad-matcher', ['one-of'], /list/],
    [{ 'one-of': 'up' }, 'bad-matcher', ['one-of'], /list/],
    [{ type: 'nubmer' }, 'bad-matcher', ['type'], /did you mean "number"\?/],
    [{ unique: 'yes' }, 'bad-matcher', ['unique'], /true or false/],
    [{ schema: {} }, 'vacuous', ['schema'], /allows everything/],
    [{ schema: { type: 'objekt' } }, 'bad-schema', ['schema'], /not a JSON Schema/],
  ]
  for (const [matcher, code, path, message] of cases)
    test(JSON.stringify(matcher), () => {
      const found = checkMatcher(matcher, place)
      expect(found).toMatchObject([{ code, level: 'error', place: { path: [...place.path, ...path] } }])
      expect(found[0]?.message).toMatch(message)
    })

  test('what is filled in later is checked later', () => {
    for (const name of matcherNames.filter((one) => one !== 'ignore-case'))
      expect(checkMatcher({ [name]: '${{ x }}' }, place)).toEqual([])
  })

  test('a pattern with anchors or assertions may match the empty text', () => {
    for (const matches of ['^$', '^[^e]*$', '^\\s*$']) expect(checkMatcher({ matches }, place)).toEqual([])
  })
})
