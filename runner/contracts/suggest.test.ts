import { describe, expect, test } from 'bun:test'
import { didYouMean, nearest } from './suggest.ts'

describe('nearest', () => {
  test.each([
    ['wait-fro', 'wait-for'],
    ['Status', 'status'],
    ['servcie', 'service'],
    ['xyz', undefined],
    ['', undefined],
    ['status:200', 'status: 200'],
    ['stat:200', undefined],
  ])('of %j is %j', (word, name) => {
    expect(nearest(word, ['wait-for', 'status', 'service'])).toBe(name)
  })
  test('of a text of 5 MB is nothing, at once', () => {
    const start = performance.now()
    expect(nearest('x'.repeat(5_000_000), ['wait-for'])).toBeUndefined()
    expect(nearest('wait-for', ['x'.repeat(5_000_000)])).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(500)
  })
})

test('didYouMean lists the names when none is near', () => {
  expect(didYouMean('xyz', ['a', 'b'])).toBe('valid here: a, b')
})
