import { expect, test } from 'bun:test'
import { fieldOf } from '../jsonpath.ts'
import { meets } from '../matchers.ts'
import { anyCase } from './any-case.ts'

const headers = anyCase({ 'x-dup': 'one, two', 'content-type': 'text/plain' })

test('finds a key in any case', () => {
  for (const name of ['x-dup', 'X-Dup', 'X-DUP']) {
    expect(headers[name]).toBe('one, two')
    expect(Object.hasOwn(headers, name)).toBe(true)
    expect(fieldOf({ headers }, `headers.${name}`)).toBe('one, two')
  }
  expect(headers['X-None']).toBeUndefined()
  expect(Object.hasOwn(headers, 'X-None')).toBe(false)
})

test('lists its keys in lower case', () => {
  expect(Object.keys(headers)).toEqual(['x-dup', 'content-type'])
  expect(JSON.stringify(headers)).toBe('{"x-dup":"one, two","content-type":"text/plain"}')
})

test('is judged in any case by matchers of the whole', () => {
  for (const matcher of [
    { contains: { 'X-Dup': 'one, two' } },
    { equals: { 'Content-Type': 'text/plain', 'X-DUP': 'one, two' } },
    { schema: { required: ['X-Dup'], properties: { 'X-Dup': { type: 'string' } } } },
  ]) {
    expect(meets(matcher, headers)).toBe(true)
    expect(meets({ not: matcher }, headers)).toBe(false)
  }
})
