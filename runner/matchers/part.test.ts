/** Parts of a value that are not known, in places where they are easily taken for known. */
import { expect, test } from 'bun:test'
import { incomplete } from '../base/incomplete.ts'
import { judge } from '../matchers.ts'

const UNDECODED = incomplete('some of its bytes are not UTF-8', 'a\ufffdb', 'inside')
const isUntaken = { is: 'untaken' }

test('the sign for bytes that could not be decoded is not found in the text', () => {
  const words = [
    { contains: '\ufffd' },
    { matches: '\ufffd' },
    { 'starts-with': 'a\ufffd' },
    { 'ends-with': '\ufffdb' },
  ]
  for (const word of words)
    for (const matcher of [word, { not: word }]) expect(judge(matcher, UNDECODED)).toMatchObject(isUntaken)
  const cut = incomplete('cut at 16 MiB', 'a\ufffdb')
  expect(judge({ contains: '\ufffd' }, cut)).toMatchObject(isUntaken)
})

test('a list with an item that is not known is not compared as a whole', () => {
  const list = ['x', UNDECODED, UNDECODED]
  const words = [
    { equals: ['x', 'y', 'z'] },
    { unique: true },
    { unique: false },
    { 'all-equal': false },
    { 'same-items': ['x', 'y', 'z'] },
    { 'one-of': [['x', 'y', 'z']] },
    { schema: { uniqueItems: true } },
  ]
  for (const word of words)
    for (const matcher of [word, { not: word }])
      for (const value of [list, incomplete('cut', list)])
        expect({ matcher, answer: judge(matcher, value) }).toMatchObject({ matcher, answer: isUntaken })
  expect(judge({ contains: 'x' }, list)).toBe(true)
  expect(judge({ not: { contains: 'y' } }, [incomplete('cut', 'z')])).toBe(true)
  expect(judge({ not: { contains: 'yes' } }, [incomplete('cut', 'y')])).toMatchObject(isUntaken)
  expect(judge({ length: 3 }, list)).toBe(true)
})

test('a day that its month does not have cannot be ordered', () => {
  for (const day of ['2026-02-30', '2026-02-29T10:00:00Z', '2026-04-31 10:00:00'])
    expect(judge({ gte: '2026-01-01' }, day)).toMatchObject({ is: 'does-not-apply' })
  expect(judge({ gte: '2026-01-01' }, '2028-02-29')).toBe(true)
})
