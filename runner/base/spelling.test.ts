import { describe, expect, test } from 'bun:test'
import { exactJson } from './exact-json.ts'
import { isMadeLate, Spelled, setSpelled, spelled, spelledAt, spelledEntries, unspelled } from './spelling.ts'

describe('spellings', () => {
  test('marks a scalar that is spelled unusually, and no other', () => {
    expect(spelled(3.1, '3.10')).toEqual(new Spelled(3.1, '3.10'))
    expect([spelled(3.1, '3.1'), spelled(true, 'true'), spelled(null, '~')]).toEqual([3.1, true, null])
  })

  test('keeps values plain beside their marks', () => {
    const tree = { one: 0, two: 2 }
    setSpelled(tree, 'one', new Spelled(3.1, '3.10'))
    expect(tree).toEqual({ one: 3.1, two: 2 })
    expect(spelledEntries(tree).map(([key, value]) => `${key}=${value}`)).toEqual(['one=3.10', 'two=2'])
    expect([spelledAt(tree, 'two'), unspelled(spelledAt(tree, 'one'))]).toEqual([2, 3.1])
  })

  test('are seen through members that are made late', () => {
    const names = isMadeLate({
      get one() {
        return new Spelled(3.1, '3.10')
      },
    })
    const plain = unspelled(names) as object
    expect(plain).toEqual({ one: 3.1 } as never)
    expect(String(spelledAt(plain, 'one'))).toBe('3.10')
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
      setSpelled(tree, key, value)
    expect(exactJson(tree)).toBe('{"a":3.10,"b":31,"c":true,"d":0.1,"e":0.1000000000000000055511151231257827}')
  })
})
