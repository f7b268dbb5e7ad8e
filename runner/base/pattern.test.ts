import { describe, expect, test } from 'bun:test'
import { compilePattern, patternError } from './pattern.ts'

describe('compilePattern', () => {
  test('finds the leftmost match and its groups', () => {
    expect(compilePattern('(\\d+)-(x)?').find('a 12-')).toEqual({ index: 2, end: 5, groups: ['12-', '12', undefined] })
    expect(compilePattern('z').find('a')).toBeUndefined()
  })
  test('knows flags, classes and named groups of RE2', () => {
    const holds: readonly [source: string, text: string][] = [
      ['(?i)err', 'an ERR'],
      ['(?m)^b$', 'a\nb\nc'],
      ['(?s)a.b', 'a\nb'],
      ['\\p{L}+\\p{Nd}', 'äß1'],
      ['(?<year>\\d{4})', '2026'],
      ['(?P<year>\\d{4})', '2026'],
      ['[[:alpha:]]', '1a'],
    ]
    for (const [source, text] of holds) expect([source, compilePattern(source).test(text)]).toEqual([source, true])
  })
  test('matches where a backtracking engine gives up', () => {
    expect(compilePattern('(?:a|b)*ERROR').test(`${'a'.repeat(3_000_000)}\nERROR\n`)).toBe(true)
    expect(compilePattern('(b|bb)*OOPS').test('b'.repeat(3_000_000))).toBe(false)
    expect(compilePattern('(a*)*b').test('a'.repeat(200_000))).toBe(false)
  })
  test('says when a search would be too costly, and only then', () => {
    let seed = 1
    const letter = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return (seed >> 16) & 1 ? 'a' : 'b'
    }
    const text = Array.from({ length: 100_000 }, letter).join('').repeat(40)
    const costly = compilePattern('a.{0,300}b.{0,300}b.{0,300}[cd]')
    expect(costly.tooCostly('ab')).toBeUndefined()
    expect(String(costly.tooCostly(text))).toContain('too costly: about')
    expect(compilePattern('panic|fatal|race detected').tooCostly(text)).toBeUndefined()
  })
})

describe('patternError', () => {
  const wrong: readonly [source: string, hint: string][] = [
    ['(?=a)b', 'lookaround is not supported'],
    ['(?<!a)b', 'lookaround is not supported'],
    ['(a)\\1', 'backreferences are not supported'],
    ['\\u00e4', 'write \\x{1F600}'],
    ['a++', 'possessive'],
    ['(?>a)', 'atomic'],
    ['a\\Z', 'write \\z'],
    ['[^]', 'write (?s:.)'],
    ['a{2000}', 'at most 1000 times'],
  ]
  for (const [source, hint] of wrong)
    test(`explains ${source}`, () => {
      const error = patternError(source)
      expect(error?.hint).toContain(hint)
      expect(error?.message).not.toContain('error parsing')
    })
  test('accepts a pattern', () => expect(patternError('a|b')).toBeUndefined())
})
