import { describe, expect, test } from 'bun:test'
import { evaluate, evaluateFlag, expressionsIn, namesUsed, substitute, ValueError } from './values.ts'

const place = { file: 'p.yaml', path: ['steps', 0, 'if'] }
const names = {
  inputs: { pool: 'main', count: 3, share: 1.5, given: null, hosts: ['a', 'b'] },
  services: { 'host-0': { url: 'http://127.0.0.1:8080' } },
  nonce: 41,
  text: '7',
  exact: 9007199254740993n,
}

function failure(work: () => unknown): ValueError {
  try {
    work()
  } catch (error) {
    if (error instanceof ValueError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('text with expressions', () => {
  test('a scalar that is one expression keeps its type', () => {
    expect(substitute('${{ inputs.count }}', names)).toBe(3)
    expect(substitute('${{ inputs.hosts }}', names)).toEqual(['a', 'b'])
    expect(substitute('${{ inputs.given }}', names)).toBeNull()
    expect(substitute('${{ nonce == 41 }}', names)).toBe(true)
  })

  test('a mixed text is text', () => {
    expect(substitute('http://${{ inputs.pool }}:${{ inputs.count }}/', names)).toBe('http://main:3/')
    expect(substitute(' ${{ inputs.count }}', names)).toBe(' 3')
    expect(substitute('x${{ inputs.hosts }}', names)).toBe('x["a","b"]')
    expect(substitute('n${{ exact }}', names)).toBe('n9007199254740993')
  })

  test('an expression ends at the first }} outside of a CEL string', () => {
    expect(substitute('a ${{ "}}" }} b', names)).toBe('a }} b')
    expect(substitute("${{ 'it\\'s }}' }}", names)).toBe("it's }}")
    expect(substitute('${{ {"a": {"b": 1} } }}', names)).toEqual({ a: { b: 1 } })
  })

  test('$${{ is a literal, and only in what the plan says', () => {
    expect(substitute('$${{ secrets.x }} ${{ nonce }}', names)).toBe('${{ secrets.x }} 41')
    expect(substitute('$${{ nonce }}', names)).toBe('${{ nonce }}')
    expect(substitute('a ${{ raw }}', { raw: '$${{ x }}' })).toBe('a $${{ x }}')
  })

  test('one that is never closed is told by where it begins', () => {
    expect(failure(() => expressionsIn('ab ${{ x }'))).toMatchObject({ start: 3, end: 10 })
    expect(failure(() => expressionsIn('ab ${{ "}}'))).toMatchObject({ start: 3 })
  })

  test('what a value holds is never evaluated again', () => {
    expect(substitute('${{ raw }}', { raw: '${{ nonce }}' })).toBe('${{ nonce }}')
    expect(substitute('a ${{ raw }}', { raw: '${{ nonce }}' })).toBe('a ${{ nonce }}')
  })
})

describe('numbers', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['nonce + 1', 42],
    ['nonce % 2', 1],
    ['inputs.share + 1', 2.5],
    ['1 + inputs.share * 2', 4],
    ['"a" + nonce', 'a41'],
    ['"a" + string(nonce)', 'a41'],
    ['"a" + inputs.share', 'a1.5'],
    ['nonce == 41.0', true],
    ['1 == 1.0', true],
    ['nonce > 40.5', true],
    ['nonce in [40, 41]', true],
    ['-nonce', -41],
    ['int(text) + 1', 8],
    ['double(text)', 7],
    ['[1, 1.5, nonce].map(n, n + 1)', [2, 2.5, 42]],
    ['inputs.share % 1', 0.5],
    ['exact', 9007199254740993n],
    ['exact - 1', 9007199254740992n],
    ['exact - exact', 0],
    ['duration("90s") > duration("1m")', true],
  ]
  test.each(cases)('%s', (source, value) => {
    expect(evaluate(source, names)).toEqual(value as never)
  })

  test('what leaves is plain: no BigInt within 2^53, no class of CEL', () => {
    expect(evaluate('{"n": nonce, "list": [nonce]}', names)).toEqual({ n: 41, list: [41] })
    expect(evaluate('duration("1m")', names)).toBe('60000ms')
    expect(evaluate('1u + 1u', names)).toBe(2)
    expect(evaluate('timestamp("2020-01-01T00:00:00Z")', names)).toBe('2020-01-01T00:00:00.000Z')
  })

  test('a number too large for an int stays a number', () => {
    expect(evaluate('big * 2.0', { big: 1e20 })).toBe(2e20)
  })
})

describe('CEL', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['has(inputs.pool) && !has(inputs.none)', true],
    ['inputs.pool == "main" ? "yes" : "no"', 'yes'],
    ['!(nonce == 1)', true],
    ['"a" in inputs.hosts', true],
    ['size(inputs.hosts)', 2],
    ['inputs.hosts.filter(h, h != "a")', ['b']],
    ['inputs.hosts.exists(h, h == "b")', true],
    ['inputs.pool.matches("^m")', true],
    ["services['host-0'].url", 'http://127.0.0.1:8080'],
    ['type(nonce) == int', true],
    ['cel.bind(x, nonce, x + x)', 82],
    ['inputs.given == null', true],
    ['inputs == {"pool": "main"}', false],
  ]
  test.each(cases)('%s', (source, value) => {
    expect(evaluate(source, names)).toEqual(value as never)
  })

  test('a branch that is not taken may name what is not there', () => {
    expect(evaluate('nonce == 41 ? "x" : inputs.none', names)).toBe('x')
  })

  test('variables may stand on each other', () => {
    const made: Record<string, unknown> = {}
    const variables = {}
    Object.defineProperty(variables, 'base', { enumerable: true, get: () => 1 })
    Object.defineProperty(variables, 'next', { enumerable: true, get: () => evaluate('variables.base + 1', made) })
    made['variables'] = variables
    expect(evaluate('variables.next + 1', made)).toBe(3)
  })

  test('nothing that the plan did not name is asked for', () => {
    const services = {}
    Object.defineProperty(services, 'up', { enumerable: true, get: () => ({ port: 80 }) })
    Object.defineProperty(services, 'down', {
      enumerable: true,
      get: () => {
        throw new Error('not up yet')
      },
    })
    expect(evaluate('services.up.port + 1', { services })).toBe(81)
  })
})

describe('what is not there is told, with what is', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['inputs.pol', 'inputs has no "pol"; did you mean "pool"?', 'pol'],
    ['inputs.pol + 1', 'inputs has no "pol"; did you mean "pool"?', 'pol'],
    ['nonc', 'nothing is named "nonc" here; did you mean "nonce"?', 'nonc'],
    ['1 + nonc', 'nothing is named "nonc" here; did you mean "nonce"?', 'nonc'],
    ["services['host-1'].url", 'services has no "host-1"; did you mean "host-0"?', "'host-1']"],
    ['nonce.length', 'nonce has no "length"; it is 41', 'length'],
    ['inputs.hosts.first', 'inputs.hosts is a list and has no "first"', 'first'],
    ['inputs.toString', 'inputs has no "toString"; valid here: pool, count, share, given, hosts', 'toString'],
  ]
  test.each(cases)('%s', (source, message, at) => {
    const error = failure(() => evaluate(source, names))
    expect(error.message).toBe(message)
    expect(source.slice(error.start, error.end)).toBe(at)
  })

  test('what is no CEL points at the character', () => {
    expect(failure(() => evaluate('nonce +', names))).toMatchObject({ message: 'it breaks off here', start: 6 })
    expect(failure(() => evaluate('nonce === 1', names)).start).toBe(8)
    expect(failure(() => evaluate('', names)).message).toContain('nothing between')
  })

  test('the characters are those of the whole text', () => {
    const text = 'http://${{ inputs.pol }}/'
    const { start, end } = failure(() => substitute(text, names))
    expect(text.slice(start, end)).toBe('pol')
  })
})

describe('flags', () => {
  test('take CEL with or without ${{ }}', () => {
    expect(evaluateFlag('nonce == 41', names, place)).toBe(true)
    expect(evaluateFlag('${{ nonce != 41 }}', names, place)).toBe(false)
    expect(evaluateFlag(false, names, place)).toBe(false)
  })

  test('know no truthiness', () => {
    expect(() => evaluateFlag('inputs.pool', names, place)).toThrow('this is main, and must be true or false')
    expect(() => evaluateFlag('nonce', names, place)).toThrow('this is 41')
    expect(() => evaluateFlag('inputs.given', names, place)).toThrow('this is null')
    expect(() => evaluateFlag(1, names, place)).toThrow('this is 1')
  })
})

test('names that an expression uses, without those of its own macros', () => {
  const used = (source: string) => namesUsed(source).map(({ root, path }) => [root, ...path].join('.'))
  expect(used('a.b.c')).toEqual(['a.b.c'])
  expect(used('!a.b && -c > 1')).toEqual(['a.b', 'c'])
  expect(used("services['host-0'].url + x")).toEqual(['services.host-0.url', 'x'])
  expect(used('items.map(x, x.y + z)')).toEqual(['items', 'z'])
  expect(used('cel.bind(x, 1, x + y)')).toEqual(['y'])
  expect(used('type(n) == string')).toEqual(['n'])
  expect(used('{"k": [a, {"l": b}]}')).toEqual(['a', 'b'])
  expect(used('a[b].c')).toEqual(['a', 'b'])
  expect(namesUsed('has(a.b) && a.c')).toMatchObject([{ member: 'b', asked: true }, { member: 'c' }])
})
