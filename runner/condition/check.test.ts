import { describe, expect, test } from 'bun:test'
import type { Finding } from '../contracts/errors.ts'
import { checkCondition, checkExpect } from './check.ts'
import { fakeProbe, fields } from './fake-probe.ts'

const place = { file: 'plan.yaml', path: ['steps', 0, 'wait-for'] }
const plainLog = { name: 'log', fields: { lines: { description: 'lines', type: 'list' as const } } }
const probes = new Map([...fakeProbe({}, { expects: { status: 200 } }), ...fakeProbe({}, plainLog)])
const validate = (): Finding[] => []
const own = ['within', 'hold']

function found(plain: unknown, keys: readonly string[] = own): Finding[] {
  return checkCondition(
    plain,
    place,
    { probes, validate, planned: (word) => (word === 'sql' ? 'not yet' : undefined) },
    keys,
  )
}

describe('a condition that makes no sense is refused, at the exact key', () => {
  const cases: readonly [
    name: string,
    plain: unknown,
    code: string,
    path: readonly (string | number)[],
    said: RegExp,
  ][] = [
    ['no mapping', 'gateway', 'bad-condition', [], /is a mapping, and not "gateway"/],
    ['no probe', { within: '5s' }, 'no-probe', [], /no probe here; one of: fake, log, all/],
    ['an unknown probe', { fak: 'x', within: '5s' }, 'unknown-probe', ['fak'], /did you mean "fake"\?/],
    ['a probe that comes later', { sql: 'x' }, 'not-built', ['sql'], /not yet/],
    ['two probes', { fake: 'x', log: 'y' }, 'two-probes', [], /fake, log/],
    ['a probe and a group', { fake: 'x', all: [] }, 'two-probes', [], /fake, all/],
    ['an unknown key', { fake: 'x', stats: 200 }, 'unknown-key', ['stats'], /did you mean "status"\?/],
    ["a slip in the step's key", { fake: 'x', witin: '5s' }, 'unknown-key', ['witin'], /did you mean "within"\?/],
    ['a path beside the probe', { fake: 'x', '$.a': 1 }, 'unknown-key', ['$.a'], /only under `expect`/],
    ['an empty expect', { fake: 'x', expect: {} }, 'vacuous', ['expect'], /expects nothing/],
    ['expect as a text', { fake: 'x', expect: 'up' }, 'bad-expect', ['expect'], /mapping/],
    ['nothing expected', { log: 'x' }, 'vacuous', ['log'], /never fail/],
    ['a key twice', { fake: 'x', status: 1, expect: { status: 2 } }, 'given-twice', ['expect', 'status'], /twice/],
    ['an unknown field', { fake: 'x', expect: { stat: 1 } }, 'unknown-field', ['expect', 'stat'], /did you mean/],
    [
      'a path without $',
      { fake: 'x', expect: { 'node.x': 1 } },
      'unknown-field',
      ['expect', 'node.x'],
      /no field "node.x"/,
    ],
    ['a member of a number', { fake: 'x', 'status.code': 1 }, 'unknown-field', ['status.code'], /is a number/],
    ['a bad path', { fake: 'x', expect: { '$.a[': 1 } }, 'bad-jsonpath', ['expect', '$.a['], /unclosed/],
    ['a path where there is no JSON', { log: 'x', expect: { '$.a': 1 } }, 'no-document', ['expect', '$.a'], /no JSON/],
    [
      'a list that is absent',
      { fake: 'x', expect: { '$.a[*]': { absent: true } } },
      'vacuous',
      ['expect', '$.a[*]', 'absent'],
      /never absent/,
    ],
    [
      'an unknown matcher',
      { fake: 'x', status: { gt3: 1 } },
      'unknown-matcher',
      ['status', 'gt3'],
      /did you mean "gte?"\?/,
    ],
    ['a word that is none', { fake: 'x', state: 'helthy' }, 'unknown-word', ['state'], /did you mean "healthy"\?/],
    [
      'a word in a matcher',
      { fake: 'x', state: { not: { 'one-of': ['exited', 'up'] } } },
      'unknown-word',
      ['state', 'not', 'one-of', 1],
      /"up"/,
    ],
    ['a count that is always so', { fake: 'x', status: { gte: 0 } }, 'vacuous', ['status', 'gte'], /never below 0/],
    ['an empty group', { all: [] }, 'vacuous', ['all'], /expects nothing/],
    ['a group that is no list', { any: { fake: 'x' } }, 'bad-condition', ['any'], /takes a list/],
    ['a key beside a group', { all: [{ fake: 'x' }], status: 200 }, 'unknown-key', ['status'], /can't stand beside/],
    ['a mistake within a group', { all: [{ fake: 'x' }, { fak: 'y' }] }, 'unknown-probe', ['all', 1, 'fak'], /fake/],
    [
      "the step's keys within a group",
      { all: [{ fake: 'x', within: '5s' }] },
      'unknown-key',
      ['all', 0, 'within'],
      /no "within"/,
    ],
  ]
  for (const [name, plain, code, path, said] of cases)
    test(name, () => {
      const findings = found(plain)
      expect(findings).toMatchObject([{ code, level: 'error', place: { path: [...place.path, ...path] } }])
      expect(findings[0]?.message).toMatch(said)
    })

  test('a bad path is pointed at within its text', () => {
    expect(found({ fake: 'x', expect: { '$.workers.[0]': 1 } })[0]?.place).toMatchObject({ key: true, span: [10, 13] })
  })

  test('several mistakes are several findings', () => {
    const findings = found({ fake: 'x', stats: 1, expect: { '$.a[': 1, '$.b': {} } })
    expect(findings.map(({ code }) => code)).toEqual(['unknown-key', 'bad-jsonpath', 'vacuous'])
  })
})

test('what makes sense is not refused', () => {
  for (const plain of [
    { fake: 'x', within: '5s' },
    { fake: 'x', status: 200, expect: { '$.a': 1, 'headers.x-y': 'z', $: { type: 'list' } } },
    { fake: ['a', 'b'], state: 'healthy' },
    { log: 'x', lines: { none: { matches: 'panic' } } },
    { all: [{ fake: 'x' }, { any: [{ log: 'y', lines: { length: 0 } }] }], hold: '5s' },
    { fake: '${{ x }}', state: '${{ y }}', status: { gte: '${{ z }}' }, expect: { '${{ p }}': 1, '$.${{ q }}': 2 } },
    { fake: 'x', status: { gte: 0, lte: 3 } },
    { fake: 'x', expect: { '$.a': { absent: false } } },
  ])
    expect(found(plain)).toEqual([])
})

test('`expect` beside a step is checked against the fields of that step', () => {
  expect(checkExpect({ stat: 1 }, place, { fields })).toMatchObject([{ code: 'unknown-field' }])
  expect(checkExpect({ status: 1 }, place, { fields })).toEqual([])
})
