import { describe, expect, test } from 'bun:test'
import { incomplete, isIncomplete } from './base/incomplete.ts'
import { ABSENT, checkPath, fieldOf, locations, select, singularPath } from './jsonpath.ts'
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
      // A singular path gives its value, and not a list of one.
      const values = singularPath(selector) === undefined ? found : found === ABSENT ? [] : [found]
      return expect(results ?? [result]).toContainEqual(values as unknown[])
    })

  test('has all of its 703 cases here', () => {
    expect(suite.tests.length).toBe(703)
  })
})

test('a path that leads to one place is told by its keys, and any other by all places it leads to', () => {
  expect(singularPath("$.a['b c'][-1]")).toEqual(['a', 'b c', -1])
  expect(singularPath('$')).toEqual([])
  for (const path of ['$.a[*]', '$..a', '$.a[0,1]', '$.a[?@.x]', '$.a[0:1]']) expect(singularPath(path)).toBeUndefined()
  expect(locations('$.a[?@ > 1]', { a: [1, 2, 3] })).toEqual([
    ['a', 1],
    ['a', 2],
  ])
})

test('null is a value, and what is not there is absent', () => {
  expect(select('$.a', { a: null })).toBeNull()
  expect(select('$.b', { a: null })).toBe(ABSENT)
  expect(select('$.b[*]', { a: null })).toEqual([])
})

test('a mistake is told with its character', () => {
  expect(checkPath('$.a[')).toEqual({ message: 'unclosed bracketed selection', index: 3 })
  expect(checkPath('node')).toEqual({ message: "expected '$', found 'n'", index: 0 })
  expect(checkPath('$.a')).toBeUndefined()
})

test('a field may be dotted, and so may a header', () => {
  const fields = { headers: { 'content-type': 'a', 'x.y': 'b' }, exit: 0 }
  expect(fieldOf(fields, 'headers.content-type')).toBe('a')
  expect(fieldOf(fields, 'headers.x.y')).toBe('b')
  expect(fieldOf(fields, 'headers.nope')).toBe(ABSENT)
  expect(fieldOf({ is: null }, 'is')).toBeNull()
})

describe('a filter', () => {
  const big = { items: [{ id: 9007199254740993n }, { id: 9007199254740992 }, { id: 5 }] }
  const ids = (path: string) => select(path, big)
  test('compares integers beyond 2^53 exactly', () => {
    expect(ids('$.items[?@.id == 9007199254740993].id')).toEqual([9007199254740993n])
    expect(ids('$.items[?@.id == 9007199254740992].id')).toEqual([9007199254740992])
    expect(ids('$.items[?@.id > 9007199254740992].id')).toEqual([9007199254740993n])
    expect(ids('$.items[?@.id > 5].id')).toEqual([9007199254740993n, 9007199254740992])
    expect(ids('$.items[?@.id != 9007199254740993].id')).toEqual([9007199254740992, 5])
    expect(ids('$.items[?@.id == $.items[0].id].id')).toEqual([9007199254740993n])
  })
  test('searches patterns that a backtracking engine gives up on', () => {
    const lines = { lines: [`${'a'.repeat(3_000_000)}\nERROR`, `${'a'.repeat(40)}!`] }
    expect(select('$.lines[?search(@, "(?:a|b)*ERROR")]', lines)).toHaveLength(1)
    expect(select('$.lines[?match(@, "(a+)+")]', lines)).toEqual([])
  })
  test('refuses a pattern that it cannot search, at its character', () => {
    expect(checkPath('$.a[?search(@, "(?=x)")]')).toMatchObject({ index: 16 })
    expect(checkPath('$.a[?search(@, "(?=x)")]')?.message).toContain('not a regular expression (RE2 syntax)')
  })
  test('gives no answer for a pattern out of the document that it cannot search', () => {
    expect(select('$.a[?search(@, $.p)]', { a: ['x'], p: '(' })).toEqual(
      incomplete('"(" is not a pattern: missing closing ): `(`'),
    )
  })
})

test('deep documents are walked to their end, or give no answer', () => {
  const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}{"z":1}${'}'.repeat(levels)}`)
  expect(select('$..z', deep(500))).toEqual([1])
  expect(isIncomplete(select('$..z', deep(20_000)))).toBe(true)
})
