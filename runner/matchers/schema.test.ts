import { describe, expect, test } from 'bun:test'
import { checkMatcher, judge, mismatch } from '../matchers.ts'

const place = { file: 'plan.yaml', path: [] }
const check = (schema: object) => checkMatcher({ schema }, place).map(({ message }) => message)

describe('schema', () => {
  const judged: readonly [name: string, schema: object, actual: unknown, met: boolean][] = [
    ['checks a format', { type: 'string', format: 'uuid' }, '1', false],
    ['checks a date', { format: 'date' }, '2026-02-30', false],
    ['checks prefixItems of 2020-12', { prefixItems: [{ type: 'string' }] }, [1], false],
    ['checks dependentRequired of 2020-12', { dependentRequired: { a: ['b'] } }, { a: 1 }, false],
    [
      'checks unevaluatedProperties of 2020-12',
      { properties: { a: {} }, unevaluatedProperties: false },
      { b: 1 },
      false,
    ],
    [
      'checks a list under items, as in draft-07',
      { items: [{ type: 'string' }], additionalItems: false },
      ['a', 1],
      false,
    ],
    [
      'checks by the dialect that is named',
      { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'number' }] },
      ['a'],
      false,
    ],
    ['follows references within the schema', { $ref: '#/$defs/n', $defs: { n: { type: 'number' } } }, 'a', false],
    ['takes patterns in linear time', { pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}!`, false],
    [
      'meets a valid value',
      { type: 'object', required: ['a'], properties: { a: { format: 'ipv4' } } },
      { a: '127.0.0.1' },
      true,
    ],
    ['knows large integers', { type: 'integer' }, 9007199254740993n, true],
  ]
  for (const [name, schema, actual, met] of judged)
    test(name, () => {
      expect(check(schema)).toEqual([])
      expect(judge({ schema }, actual)).toBe(met)
      expect(judge({ not: { schema } }, actual)).toBe(!met)
    })

  test('is untaken where it would lose digits', () => {
    expect(mismatch({ schema: { const: 9007199254740992 } }, 9007199254740993n)).toMatchObject({ is: 'untaken' })
  })

  const refused: readonly [schema: object, message: string][] = [
    [{ requierd: ['a'] }, 'unknown keyword: "requierd"'],
    [{ properties: { a: { requierd: [] } } }, 'unknown keyword: "requierd"'],
    [{ format: 'uuuid' }, 'unknown format "uuuid"'],
    [{ $schema: 'http://json-schema.org/draft-04/schema#' }, 'draft-04/schema# is not supported'],
    [{ items: [{}], prefixItems: [{}] }, 'unknown keyword: "prefixItems"'],
    [{ $ref: 'https://example.com/x.json' }, "can't resolve reference"],
    [{ pattern: '(?=a)' }, 'is not RE2'],
    [{ contentMediaType: 'application/json' }, '`contentMediaType` checks nothing'],
    [{ type: 'object', if: { required: ['a'] } }, '"if" without "then" and "else" is ignored'],
    [{ minContains: 2 }, 'without "contains" is ignored'],
  ]
  for (const [schema, message] of refused)
    test(`refuses ${JSON.stringify(schema)}`, () => {
      expect(check(schema).join()).toContain(message)
    })
})

test('a schema that checks nothing, or says that it may be late, is refused', () => {
  const idle = [
    { title: 'foo' },
    { $comment: 'x', default: 1 },
    { $defs: { a: { type: 'string' } } },
    { properties: { a: { format: 'password' } } },
    { type: 'string', $async: true },
  ]
  for (const schema of idle) expect({ schema, found: check(schema) }).toMatchObject({ found: [expect.any(String)] })
})

test('a schema without an end is untaken, negated or not', () => {
  for (const schema of [{ $ref: '#' }, { $dynamicRef: '#' }])
    for (const matcher of [{ schema }, { not: { schema } }])
      expect(mismatch(matcher, { a: 1 })).toMatchObject({
        is: 'untaken',
        actual: expect.stringContaining('back to itself'),
      })
})

test('a pattern that is too costly for its text is untaken', () => {
  const schema = { pattern: 'a.{0,300}b.{0,300}b.{0,300}[cd]' }
  // No period: of repeated text the engine remembers its states.
  let seed = 1
  const letter = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return (seed >> 16) & 1 ? 'a' : 'b'
  }
  const text = Array.from({ length: 100_000 }, letter).join('').repeat(40)
  for (const matcher of [{ schema }, { not: { schema } }])
    expect(mismatch(matcher, text)).toMatchObject({ is: 'untaken', actual: expect.stringContaining('too costly') })
})
