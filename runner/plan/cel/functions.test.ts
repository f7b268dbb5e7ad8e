import { describe, expect, test } from 'bun:test'
import { anyCase } from '../../base/any-case.ts'
import { Spelled, setSpelled } from '../../base/spelling.ts'
import { asText } from '../values.ts'
import { evaluate, evaluateSpelled } from './evaluate.ts'

const variables = { list: [0], tls: true }
setSpelled(variables, 'release', new Spelled(3.1, '3.10'))
setSpelled(variables.list, 0, new Spelled(1, '1.0'))
const names = { variables, x: 9007199254740993n, l: [1, 2], e: 1e18, t: 'a b/ü', idx: 1, s: '3 errors' }

const value = (source: string) => evaluate(source, names)
const refusal = (source: string) => {
  try {
    return `no error: ${asText(value(source))}`
  } catch (error) {
    return (error as Error).message
  }
}

describe('functions of expressions', () => {
  test('now gives a time that is compared, moved and shown', () => {
    expect(value('now()')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(value('"at " + now()')).toMatch(/^at \d{4}-/)
    expect(value('string(now()).size()')).toBe(24)
    expect(value('now() - duration("1h") < now() && now() > timestamp("2020-01-01T00:00:00Z")')).toBe(true)
    expect(value('int(now())')).toBeGreaterThan(1_700_000_000)
  })

  test('uuid gives another one each time', () => {
    expect(value('uuid()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(value('uuid()')).not.toBe(value('uuid()'))
  })

  test('base64 and urlEncode write texts and numbers, in their spelling', () => {
    expect(value('base64("a:b") + base64(5)')).toBe('YTpiNQ==')
    expect(value('urlEncode(t)')).toBe('a%20b%2F%C3%BC')
    expect(value('urlEncode(variables.release)')).toBe('3.10')
    expect(value('base64Decode(base64(variables.release))')).toBe('3.10')
    expect(value('urlEncode("v " + variables.release)')).toBe('v%203.10')
  })

  test('base64Decode and urlDecode refuse what is not encoded so', () => {
    expect(value('base64Decode("YTpi") + base64Decode("w7w") + urlDecode("a%20b")')).toBe('a:büa b')
    expect(refusal('base64Decode("*")')).toBe('base64Decode: this is not base64')
    expect(refusal('base64Decode("/w==")')).toContain('not UTF-8')
    expect(refusal('urlDecode("%")')).toStartWith('urlDecode: ')
  })

  test('names of headers are found in any case', () => {
    const h = anyCase({ 'x-dup': 'one', vary: 'a' })
    expect(evaluate("'X-Dup' in h && h['X-DUP'] == 'one' && has(h.Vary) && h.VARY == 'a'", { h })).toBe(true)
    expect(evaluate("'X-Other' in h || has(h.Other)", { h })).toBe(false)
  })
  test('matches searches in linear time', () => {
    expect(value('s.matches("^[0-9]+ err") && "x.matches(y)" == "x.matches(y)"')).toBe(true)
    expect(evaluate('s.matches("^(a+)+$")', { s: `${'a'.repeat(100_000)}!` })).toBe(false)
    expect(refusal('s.matches(1)')).toBe('there is no function string.matches(int)')
  })

  test('join takes numbers, too', () => expect(value('l.join(",")')).toBe('1,2'))
})

describe('numbers', () => {
  test('keep every digit, or say that they can not', () => {
    expect(value('x + 1')).toBe(9007199254740994n)
    expect(value('e + 1')).toBe(1000000000000000001n)
    expect(value('x == 9007199254740992.0')).toBe(false)
    expect(value('l[0] + 0.5')).toBe(1.5)
    expect(refusal('x + 0.5')).toContain('9007199254740993 has more digits')
    expect(refusal('9223372036854775807 + 1')).toContain('integer overflow')
  })
})

describe('a result keeps its spelling', () => {
  const cases: readonly [source: string, text: string][] = [
    ['variables.release', '3.10'],
    ['"v" + variables.release', 'v3.10'],
    ['(variables.tls && (idx == 1)) ? variables.release : 2', '3.10'],
    ['variables.list[idx - 1]', '1.0'],
    ['variables["release"]', '3.10'],
    ['string(variables.release)', '3.10'],
    ['variables.release + 1', '4.1'],
    ['variables.list', '[1.0]'],
  ]
  for (const [source, text] of cases) test(source, () => expect(asText(evaluateSpelled(source, names))).toBe(text))

  test('its value is still a number', () => expect(value('variables.release * 2 == 6.2')).toBe(true))
  test('it has no members of its own', () =>
    expect(refusal('variables.release.text')).toBe('variables.release has no "text"; it is 3.10'))
  test('null has no text', () => expect(() => evaluate('"x" + n', { n: null })).toThrow('null has no text'))
})
