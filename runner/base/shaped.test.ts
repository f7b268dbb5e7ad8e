import { expect, test } from 'bun:test'
import { shaped } from './shaped.ts'

const schema = {
  type: 'object',
  properties: {
    list: { type: 'array', items: { type: 'integer' } },
    either: { type: ['string', 'array'], items: { type: 'string' } },
    mapping: { type: 'object', additionalProperties: { type: 'array' } },
    count: { type: 'integer' },
  },
}

test('an expression gets the shape that is expected in its place', () => {
  const x = '${{ x }}'
  expect(shaped(schema, x)).toEqual({})
  expect(shaped(schema, { list: x, either: x, mapping: x, count: x, other: x })).toEqual({
    list: [x],
    either: x,
    mapping: {},
    count: x,
    other: x,
  })
  expect(shaped(schema, { mapping: { a: x } })).toEqual({ mapping: { a: [x] } })
})

test('what has its shape stays the same object', () => {
  const value = { list: [1], mapping: { a: [1] }, either: '${{ x }}' }
  expect(shaped(schema, value)).toBe(value)
})
