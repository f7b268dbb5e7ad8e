import { describe, expect, test } from 'bun:test'
import { ABSENT, checkPath, fieldOf, select } from './jsonpath.ts'
import suite from './testdata/jsonpath-cts.json'

interface Case {
  name: string
  selector: string
  document?: unknown
  result?: unknown[]
  results?: unknown[][]
  invalid_selector?: boolean
}

describe('RFC 9535, compliance test suite', () => {
  for (const { name, selector, document, result, results, invalid_selector } of suite.tests as Case[])
    test(name, () => {
      if (invalid_selector) return expect(checkPath(selector)).toBeDefined()
      const found = select(selector, document)
      const values = Array.isArray(found) && !isSingular(selector, document) ? found : found === ABSENT ? [] : [found]
      return expect(results ?? [result]).toContainEqual(values)
    })
})

/** A singular path gives its value and not a list: told apart by asking a document that has nothing. */
function isSingular(selector: string, _document: unknown): boolean {
  return select(selector, undefined) === ABSENT
}

test('null is a value, and what is not there is absent', () => {
  expect(select('$.a', { a: null })).toBeNull()
  expect(select('$.b', { a: null })).toBe(ABSENT)
  expect(select('$.b[*]', { a: null })).toEqual([])
})

test('a mistake is told with its character', () => {
  expect(checkPath('$.a[')).toMatchObject({ index: expect.any(Number) })
  expect(checkPath('$.a')).toBeUndefined()
})

test('a field may be dotted, and so may a header', () => {
  const fields = { headers: { 'content-type': 'a', 'x.y': 'b' }, exit: 0 }
  expect(fieldOf(fields, 'headers.content-type')).toBe('a')
  expect(fieldOf(fields, 'headers.x.y')).toBe('b')
  expect(fieldOf(fields, 'headers.nope')).toBe(ABSENT)
})
