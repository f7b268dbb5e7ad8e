import { describe, expect, test } from 'bun:test'
import { mismatch } from '../matchers.ts'

describe('texts that look alike', () => {
  const cases: readonly [name: string, want: string, actual: string, note: string][] = [
    [
      'another blank',
      '1 000',
      '1\u00a0000',
      'character 2 differs: expected a space (U+0020), actual a no-break space (U+00A0)',
    ],
    ['a letter of two code points', 'é', 'e\u0301', 'character 1 differs: expected `é` (U+00E9), actual `e` (U+0065)'],
    [
      'an invisible character',
      'up',
      'up\u200b',
      'character 3 differs: expected the end, actual a zero width space (U+200B)',
    ],
    ['a trailing blank', 'up', 'up ', 'character 3 differs: expected the end, actual a space (U+0020)'],
    [
      'a carriage return',
      'a\nb',
      'a\r\nb',
      'character 2 differs: expected a line feed (U+000A), actual a carriage return (U+000D)',
    ],
    ['another dash', 'a-b', 'a–b', 'character 2 differs: expected `-` (U+002D), actual `–` (U+2013)'],
    [
      'an invisible character inside',
      'abc',
      'a\u200bbc',
      'character 2 differs: expected `b` (U+0062), actual a zero width space (U+200B)',
    ],
    [
      'a letter of another script',
      'abc',
      '\u0430bc',
      'character 1 differs: expected `a` (U+0061), actual `\u0430` (U+0430)',
    ],
    [
      'a difference out of sight',
      `${'x'.repeat(200)}a`,
      `${'x'.repeat(200)}b`,
      'character 201 differs: expected `a` (U+0061), actual `b` (U+0062)',
    ],
  ]
  for (const [name, want, actual, note] of cases)
    test(`are told apart by ${name}`, () => {
      expect(mismatch(want, actual)?.actual).toEndWith(`(${note})`)
    })
  test('are told apart where a part is looked for', () => {
    const note = (want: string, actual: string) => mismatch({ contains: want }, actual)?.actual
    expect(note('a b', 'x a\u00a0b')).toEndWith('(it looks as if it did, but has a no-break space (U+00A0))')
    expect(note('up', 'x u\u200bp')).toEndWith('(it looks as if it did, but has a zero width space (U+200B))')
    expect(note('up', 'down')).toBe('"down"')
  })
  test('have no note where the difference is plain to see', () => {
    expect(mismatch('up', 'down')?.actual).toBe('"down"')
  })
})
