import { describe, expect, test } from 'bun:test'
import { exactJson } from './exact-json.ts'
import { Spelled, setPlain, spelled, spelledAt, withoutSpelling, withSpelling } from './spelling.ts'

describe('spellings', () => {
  test('marks a scalar that is spelled unusually, and no other', () => {
    expect(spelled(3.1, '3.10')).toEqual(new Spelled(3.1, '3.10'))
    expect([spelled(3.1, '3.1'), spelled(true, 'true'), spelled(null, '~')]).toEqual([3.1, true, null])
  })

  test('keeps values plain beside their marks, there and back', () => {
    const tree = { list: [1, { deep: 2 }], one: 0 }
    setPlain(tree, 'one', new Spelled(3.1, '3.10'))
    setPlain(tree.list, 0, new Spelled(1, '1.0'))
    expect(tree).toEqual({ list: [1, { deep: 2 }], one: 3.1 })
    const names = withSpelling(tree) as typeof tree
    expect([String(names.one), String(names.list[0])]).toEqual(['3.10', '1.0'])
    const plain = withoutSpelling(names) as typeof tree
    expect(plain).toEqual(tree)
    expect([String(spelledAt(plain, 'one')), String(spelledAt(plain.list, 0))]).toEqual(['3.10', '1.0'])
  })

  test('leaves a tree without spellings alone', () => {
    const tree = { a: [1] }
    expect(withoutSpelling(tree)).toBe(tree)
  })
})

describe('exactJson', () => {
  test('writes every digit', () => {
    expect(exactJson([9007199254740993n, 18446744073709551615n, null, 'a'])).toBe(
      '[9007199254740993,18446744073709551615,null,"a"]',
    )
  })

  test('writes numbers as they were written, where JSON allows that', () => {
    const tree = {}
    for (const [key, value] of Object.entries({
      a: new Spelled(3.1, '3.10'),
      b: new Spelled(31, '0x1F'),
      c: new Spelled(true, 'True'),
      d: new Spelled(0.1, '.10'),
      e: new Spelled(0.1, '0.1000000000000000055511151231257827'),
    }))
      setPlain(tree, key, value)
    expect(exactJson(tree)).toBe('{"a":3.10,"b":31,"c":true,"d":0.1,"e":0.1000000000000000055511151231257827}')
  })
})
