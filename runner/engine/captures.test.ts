import { describe, expect, test } from 'bun:test'
import { incomplete } from '../base/incomplete.ts'
import { readJson } from '../base/json.ts'
import { isError } from '../contracts/errors.ts'
import type { Reading } from '../contracts/probe.ts'
import { asText } from '../plan/values.ts'
import { capture } from './captures.ts'
import type { Planned } from './flow.ts'
import { Scope } from './scope.ts'
import type { World } from './world.ts'

/** The value that one capture keeps of a reading, as text; or the reason why it keeps nothing. */
function captured(spec: unknown, reading: Partial<Reading>): string {
  const scope = new Scope()
  try {
    take(spec, reading, scope)
    return asText(scope.own['it'])
  } catch (error) {
    if (!isError(error, 'check')) throw error
    return `failed: ${error.message}`
  }
}

function take(spec: unknown, reading: Partial<Reading>, scope: Scope, secrets: string[] = []): void {
  const planned = { raw: {}, common: { capture: { it: spec } }, place: { file: 'p.yaml', path: [] } }
  const world = { redactor: { add: (secret: string) => void secrets.push(secret) } }
  capture(planned as unknown as Planned, { fields: {}, says: 'said', ...reading }, {}, scope, world as unknown as World)
}

const json = (text: string): Partial<Reading> => readJson(text)
const cut = (part: string) => ({ fields: { stdout: incomplete('cut at 16 MiB', part) } })

describe('a capture', () => {
  test('keeps every digit and the spelling of a document', () => {
    const document = json('{"id": 9007199254740993, "dec": 1.10, "list": [1.0, 2]}')
    expect(captured('$.id', document)).toBe('9007199254740993')
    expect(captured('$.dec', document)).toBe('1.10')
    expect(captured('$.list[0]', document)).toBe('1.0')
    expect(captured('$.list', document)).toBe('[1.0,2]')
    expect(captured('$', document)).toBe('{"id":9007199254740993,"dec":1.10,"list":[1.0,2]}')
    expect(captured({ from: '$.list', matches: '\\[(.*?),' }, document)).toBe('1.0')
  })

  test('keeps what is known of a list whose end is missing, such as the events of an open stream', () => {
    const { document: known } = readJson('[{"id": 1.10}, {"id": 2}]')
    const document = incomplete('still open', known as unknown[])
    expect(captured('$[0].id', { document })).toBe('1.10')
    expect(captured({ from: '$[0].none', default: 'x' }, { document })).toBe('x')
    for (const path of ['$[2].id', '$[*].id', '$[-1].id', '$'])
      expect(captured({ from: path, default: 'x' }, { document })).toBe(
        `failed: nothing to capture as "it": ${path}: still open`,
      )
    const fields = { events: incomplete('still open', ['a', 'b']) }
    expect(captured('events.1', { fields })).toBe('b')
    expect(captured({ from: 'events.2', default: 'x' }, { fields })).toBe(
      'failed: nothing to capture as "it": events.2: still open',
    )
  })

  test('keeps the first group of a pattern, in RE2 syntax', () => {
    const reading = { fields: { stdout: 'id=7 ok' } }
    expect(captured({ from: 'stdout', matches: 'id=(\\d+)' }, reading)).toBe('7')
    expect(captured({ from: 'stdout', matches: '(?i)OK' }, reading)).toBe('ok')
    expect(captured({ from: 'stdout', matches: '(z)|ok', default: 'none' }, reading)).toBe('none')
    expect(captured({ from: 'stdout', matches: 'z' }, reading)).toBe(
      'failed: nothing to capture as "it": stdout does not match /z/',
    )
    expect(captured({ from: 'stdout', matches: '^(a*)*b' }, { fields: { stdout: 'a'.repeat(50_000) } })).toContain(
      'does not match',
    )
  })

  test('says why there is no document', () => {
    expect(captured('$.a', json('{"a": NaN}'))).toStartWith(
      'failed: nothing to capture as "it": $.a needs a document: not JSON: line 1',
    )
    expect(captured({ from: '$.a', default: 'none' }, json('nope'))).toBe('none')
    expect(captured('$.a', json('{"a": 1, "a": 2}'))).toContain('stands twice in one JSON object')
    expect(captured({ from: '$.a', default: 'none' }, json('{"a": 1, "a": 2}'))).toContain('stands twice')
  })

  test('takes no part of what was cut, whatever the default', () => {
    const why = 'failed: nothing to capture as "it": stdout: cut at 16 MiB'
    expect(captured('stdout', cut('id=7 and'))).toBe(why)
    expect(captured({ from: 'stdout', default: 'none' }, cut('id=7 and'))).toBe(why)
    expect(captured({ from: 'stdout', matches: 'z', default: 'none' }, cut('id=7 and'))).toBe(why)
    expect(captured('events.last', { fields: { events: incomplete('the stream broke off', ['a']) } })).toBe(
      'failed: nothing to capture as "it": events.last: the stream broke off',
    )
  })

  test('takes what a pattern finds before the cut, and not at it', () => {
    expect(captured({ from: 'stdout', matches: 'id=(\\d+)' }, cut('id=7 and'))).toBe('7')
    expect(captured({ from: 'stdout', matches: 'id=(\\d+)' }, cut('and id=7'))).toContain('cut at 16 MiB')
    const start = { fields: { stdout: incomplete('the start is lost', 'id=7 and', 'start') } }
    expect(captured({ from: 'stdout', matches: 'id=(\\d+)' }, start)).toContain('the start is lost')
    const inside = { fields: { stdout: incomplete('not UTF-8', 'id=7 \ufffd id=8', 'inside') } }
    expect(captured({ from: 'stdout', matches: 'id=(\\d+)' }, inside)).toBe('7')
    expect(captured({ from: 'stdout', matches: 'id=(8)' }, inside)).toContain('not UTF-8')
  })

  test('makes every scalar inside of a secret known, in each spelling', () => {
    const secrets: string[] = []
    take(
      { from: '$', secret: true },
      json('{"a": "token-1", "b": [{"c": 123456}], "d": true, "e": 12.50}'),
      new Scope(),
      secrets,
    )
    expect(secrets).toEqual(['token-1', '123456', '12.50', '12.5'])
  })
})
