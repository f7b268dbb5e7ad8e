import { describe, expect, test } from 'bun:test'
import { fakeContext, fakeProbe, fields, json } from './condition/fake-probe.ts'
import { makeCondition, missesOf } from './condition.ts'
import { Interrupted, isError } from './contracts/errors.ts'
import type { Taken } from './contracts/probe.ts'
import { markPlace } from './contracts/source.ts'
import { says } from './matchers.ts'

const place = { file: 'plan.yaml', path: ['steps', 0, 'assert'] }
const refused: Taken = { untaken: 'refused', known: { reachable: false } }
const readings = {
  up: json({ node: 'up', workers: [], nothing: null, big: 9007199254740993n }),
  text: { fields: { status: 200 }, says: '200 hello' },
  failing: { fields: { status: 500, json: {} }, document: {}, says: '500 oops' },
  refused,
}

async function verdictOf(plain: object, more: Parameters<typeof fakeProbe>[1] = {}) {
  return await makeCondition(plain, place, { probes: fakeProbe(readings, more) }).check(fakeContext())
}

/** Holds, fails, could not be read. */
const H = { fake: 'up', expect: { '$.node': 'up' } }
const F = { fake: 'up', expect: { '$.node': 'down' } }
const U = { fake: 'refused', expect: { '$.node': 'up' } }

describe('three values: what could not be read satisfies nothing', () => {
  const table: readonly [group: 'all' | 'any' | 'none', of: object[], is: string][] = [
    ['all', [H, H], 'holds'],
    ['all', [H, F], 'fails'],
    ['all', [H, U], 'untaken'],
    ['all', [F, U], 'fails'],
    ['all', [F, F], 'fails'],
    ['all', [U, U], 'untaken'],
    ['any', [H, H], 'holds'],
    ['any', [H, F], 'holds'],
    ['any', [H, U], 'holds'],
    ['any', [F, F], 'fails'],
    ['any', [F, U], 'untaken'],
    ['any', [U, U], 'untaken'],
    ['none', [F, F], 'holds'],
    ['none', [H, F], 'fails'],
    ['none', [H, U], 'fails'],
    ['none', [F, U], 'untaken'],
    ['none', [U, U], 'untaken'],
    ['none', [H, H], 'fails'],
  ]
  const name = (plain: object) => (plain === H ? 'holds' : plain === F ? 'fails' : 'untaken')
  for (const [group, of, is] of table)
    test(`${group} of ${of.map(name).join(', ')} ${is}`, async () => {
      expect((await verdictOf({ [group]: of })).is).toBe(is as never)
      // A group within a group has three values, too.
      expect((await verdictOf({ all: [{ [group]: of }] })).is).toBe(is as never)
    })

  test('`not` is not satisfied by what could not be read', async () => {
    expect((await verdictOf({ fake: 'refused', expect: { '$.node': { not: 'up' } } })).is).toBe('untaken')
    expect((await verdictOf({ fake: 'refused', status: { not: 200 } })).is).toBe('untaken')
    expect((await verdictOf({ fake: 'refused', expect: { '$.node': { absent: true } } })).is).toBe('untaken')
  })

  test('`reachable: false` holds on it, alone', async () => {
    expect((await verdictOf({ fake: 'refused', reachable: false })).is).toBe('holds')
    expect((await verdictOf({ fake: 'refused', reachable: true })).is).toBe('fails')
    expect((await verdictOf({ none: [{ fake: 'refused', reachable: true }] })).is).toBe('holds')
    expect((await verdictOf({ fake: 'refused', reachable: false, status: 200 })).is).toBe('untaken')
  })
  test('an interruption is no answer: neither unreachable nor untaken', async () => {
    const stop = new Interrupted('interrupted by SIGINT')
    const context = fakeContext({ signal: AbortSignal.abort(stop) })
    const asked = { fake: 'refused', reachable: false }
    const check = makeCondition(asked, place, { probes: fakeProbe(readings) }).check(context)
    expect(await check.catch((error) => error)).toBe(stop)
    expect((await verdictOf({ fake: 'up', reachable: false })).is).toBe('fails')
  })
})

describe('absent and null', () => {
  const paths: readonly [path: string, matcher: unknown, is: string][] = [
    ['$.gone', 'x', 'fails'],
    ['$.gone', { not: 'x' }, 'fails'],
    ['$.gone', { absent: true }, 'holds'],
    ['$.gone', { absent: false }, 'fails'],
    ['$.nothing', null, 'holds'],
    ['$.nothing', { absent: true }, 'fails'],
    ['$.workers[*]', { each: { gt: 0 } }, 'fails'],
    ['$.workers[*]', { none: { gt: 0 } }, 'fails'],
    ['$.workers[*]', { length: 0 }, 'holds'],
    ['$.gone[*]', [], 'holds'],
    ['$.big', 9007199254740993n, 'holds'],
    ['$.big', 9007199254740992, 'fails'],
  ]
  for (const [path, matcher, is] of paths)
    test(`${path} expected ${says(matcher)} ${is}`, async () => {
      expect((await verdictOf({ fake: 'up', expect: { [path]: matcher } })).is).toBe(is as never)
    })

  test('a path into what is no JSON fails as that, also under `absent: true`', async () => {
    const verdict = await verdictOf({ fake: 'text', expect: { '$.a': { absent: true } } })
    expect(verdict).toMatchObject({ is: 'fails', misses: [{ path: '$.a', actual: 'not JSON: 200 hello' }] })
  })
})

describe('what a reading is expected to be by itself', () => {
  const usual = { expects: { status: { lt: 400 } } }

  test('unmet, it counts as not taken, and the message says which key to add', async () => {
    const verdict = await verdictOf({ fake: 'failing', expect: { '$.a': { absent: true } } }, usual)
    expect(verdict).toMatchObject({ is: 'untaken', why: expect.stringContaining('add `status:`') })
    expect((await verdictOf({ none: [{ fake: 'failing', expect: { '$.a': 1 } }] }, usual)).is).toBe('untaken')
    expect((await verdictOf({ fake: 'failing' }, usual)).is).toBe('untaken')
    expect((await verdictOf({ fake: 'up' }, usual)).is).toBe('holds')
  })

  test('not when the plan expects something of that field, or only whether there is an answer', async () => {
    expect((await verdictOf({ fake: 'failing', status: 500 }, usual)).is).toBe('holds')
    expect((await verdictOf({ fake: 'failing', expect: { status: { gte: 500 } } }, usual)).is).toBe('holds')
    expect((await verdictOf({ fake: 'failing', reachable: true }, usual)).is).not.toBe('untaken')
  })

  test('a bare probe means what it says of itself', async () => {
    const bare = { bare: { status: 200 } }
    expect((await verdictOf({ fake: 'up' }, bare)).is).toBe('holds')
    expect((await verdictOf({ fake: 'failing' }, bare)).is).toBe('fails')
    expect((await verdictOf({ fake: 'failing', status: 500 }, bare)).is).toBe('holds')
  })
})

describe('what a miss says', () => {
  test('the exact key of the plan, beside the probe or under `expect`, and the word of the matcher', async () => {
    const expected = markPlace({ '$.node': { equals: 'down' } }, { ...place, path: ['elsewhere'] })
    const verdict = await verdictOf({ fake: 'up', status: 404, expect: expected })
    expect(verdict).toMatchObject({
      is: 'fails',
      misses: [
        { path: 'status', expected: '404', actual: '200', place: { path: [...place.path, 'status'] } },
        { path: '$.node', expected: '"down"', actual: '"up"', place: { path: ['elsewhere', '$.node', 'equals'] } },
      ],
    })
  })

  test('of several, which one', async () => {
    const verdict = await verdictOf({ all: [F, { fake: 'failing', status: 200 }, H] })
    expect(verdict).toMatchObject({ is: 'fails', misses: [{ path: 'up $.node' }, { path: 'failing status' }] })
    const each = await verdictOf({ fake: ['up', 'failing'], status: 200 })
    expect(each).toMatchObject({ is: 'fails', misses: [{ path: 'failing status', actual: '500' }] })
  })

  test('of `none`, the one that holds', async () => {
    expect(await verdictOf({ none: [F, H] })).toMatchObject({
      misses: [{ path: 'up: $.node "up"', expected: 'not to hold', place: { path: [...place.path, 'none', 1] } }],
    })
  })

  test('both documents, for a diff', async () => {
    const verdict = await verdictOf({ fake: 'up', expect: { '$.workers': [1], '$.node': 'down' } })
    expect(verdict).toMatchObject({ misses: [{ values: { expected: [1], actual: [] } }, { path: '$.node' }] })
    expect(verdict.is === 'fails' && verdict.misses[1]?.values).toBeUndefined()
  })
})

describe('fields', () => {
  const reading = {
    fields: {
      state: 'running',
      headers: { 'content-type': 'text/plain', 'x.retry': '8' },
      lines: [],
      mode: '0600',
    },
    instead: { state: 'healthy' },
    says: '',
  }
  const missed = (expectations: object) =>
    missesOf(reading, expectations as Record<string, unknown>, place, fields).map(({ path }) => path)

  test('a service that runs and is healthy is both', () => {
    for (const state of ['running', 'healthy', { 'one-of': ['healthy', 'exited'] }, { not: 'unhealthy' }])
      expect(missed({ state })).toEqual([])
    for (const state of ['unhealthy', 'exited', { not: 'healthy' }, { not: 'running' }])
      expect(missed({ state })).toEqual(['state'])
  })

  test('dotted names reach into a field, and headers are text', () => {
    expect(missed({ 'headers.content-type': { 'starts-with': 'text/' }, 'headers.x.retry': 8 })).toEqual([])
    expect(missed({ 'headers.gone': 'x' })).toEqual(['headers.gone'])
  })

  test('a log that is empty holds no bad line, but no good one either', () => {
    expect(missed({ lines: { none: { matches: 'panic' } } })).toEqual([])
    expect(missed({ lines: { each: { matches: 'ok' } } })).toEqual([])
    expect(missed({ lines: { any: { matches: 'ok' } } })).toEqual(['lines'])
    expect(missed({ lines: { none: { matches: 'x' }, length: { gte: 1 } } })).toEqual(['lines'])
  })

  test('a mode may be written as YAML reads it', () => {
    expect(missed({ mode: 600 })).toEqual([])
    expect(missed({ mode: '0600' })).toEqual([])
    expect(missed({ mode: 644 })).toEqual(['mode'])
  })
})

test('a condition says in short what it asks', () => {
  const words = (plain: object) => makeCondition(plain, place, { probes: fakeProbe(readings) }).says
  expect(words({ fake: 'gateway', status: 200, expect: { '$.n': { gte: 1 } } })).toBe(
    'gateway: status 200, $.n at least 1',
  )
  expect(words({ all: [H, F] })).toBe('up: $.node "up"; up: $.node "down"')
  expect(words({ any: [H, F] })).toBe('up: $.node "up" or up: $.node "down"')
  expect(words({ none: [H] })).toBe('none of: up: $.node "up"')
})

test('a value that was filled in and makes no sense is a located error, not a check that passes', () => {
  const make = () =>
    makeCondition({ fake: 'up', expect: { '$.node': { matches: '[' } } }, place, { probes: fakeProbe({}) })
  expect(make).toThrow('not a regular expression (RE2 syntax)')
  try {
    make()
  } catch (error) {
    expect(isError(error, 'plan') && error.findings[0]?.place.path).toEqual([
      ...place.path,
      'expect',
      '$.node',
      'matches',
    ])
  }
})

test('what the system refuses is a reading not taken; a bug is not hidden', async () => {
  const failing = (error: Error) => ({ read: () => Promise.reject(error) })
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  expect(await verdictOf(H, failing(denied))).toMatchObject({ is: 'untaken', why: 'EACCES: permission denied' })
  expect(verdictOf(H, failing(new TypeError('x is not a function')))).rejects.toThrow('x is not a function')
})
