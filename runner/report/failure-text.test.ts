import { describe, expect, test } from 'bun:test'
import type { Failure } from '../contracts/events.ts'
import { failureText } from './failure-text.ts'

const plan = [
  'steps:',
  '  - assert-jsonpath:',
  '      http: http://web/state',
  '      expect:',
  '        $.a: 1',
  '        $.b: 2',
  '        $.c: 3',
]
const at = (line: number, column: number) => ({
  file: 'plans/x.yaml',
  line,
  column,
  length: 1,
  lines: [line - 2, line - 1, line].map((number) => ({ number, text: plan[number - 1] ?? '' })),
})
const check = (path: string, line: number) => ({ frame: at(line, 14), path, expected: '1', actual: 'absent' })
const failure = (more: Partial<Failure>): Failure => ({
  class: 'check',
  message: 'it failed',
  checks: [],
  history: [],
  logs: [],
  ...more,
})

describe('the explanation of a failure', () => {
  test('shows each line of the plan once, with the check that it asked for', () => {
    const checks = [check('$.a', 5), check('$.b', 6), check('$.c', 7)]
    expect(failureText(failure({ frame: at(5, 14), checks }))).toBe(`it failed
plans/x.yaml:5:14
  3 |       http: http://web/state
  4 |       expect:
  5 |         $.a: 1
    |              ^
$.a
  expected  1
  actual    absent
  6 |         $.b: 2
    |              ^
$.b
  expected  1
  actual    absent
  7 |         $.c: 3
    |              ^
$.c
  expected  1
  actual    absent`)
  })

  test('tells where a check is that stands elsewhere', () => {
    const other = { ...check('$.z', 7), frame: { ...at(7, 14), file: 'plans/fragments/y.yaml' } }
    expect(failureText(failure({ frame: at(5, 14), checks: [check('$.a', 5), other] }))).toContain(
      '\nplans/fragments/y.yaml:7:14\n',
    )
  })

  test('tells how the value changed, in times that line up', () => {
    const history = [
      { t: 3, says: 'up', times: 7 },
      { t: 61_000, says: 'down\n for good', times: 1 },
    ]
    expect(failureText(failure({ history }), { noticed: 'by polling' })).toBe(`it failed
while it was waited for
   3ms  up ×7
  1m1s  down for good
noticed: by polling`)
  })

  test('says the last reading unless it was said just before', () => {
    const history = [{ t: 3, says: 'up', times: 1 }]
    expect(failureText(failure({ last: 'up', history }))).not.toContain('last reading')
    expect(failureText(failure({ last: '503', history }))).toContain('last reading: 503')
  })

  test('keeps texts of several lines under their first one', () => {
    const checks = [{ path: 'stdout', expected: 'one\ntwo', actual: 'three' }]
    expect(failureText(failure({ checks, hint: 'do this\nthen that' }))).toBe(`it failed
stdout
  expected  one
            two
  actual    three
→ do this
  then that`)
  })

  test('shows the stack of a bug of ours, and of nothing else', () => {
    const stack = 'Error: it failed\n    at run (engine/run.ts:1:1)'
    expect(failureText(failure({ class: 'internal', stack }))).toBe(`it failed
this is a bug of ours; its stack:
  at run (engine/run.ts:1:1)`)
    expect(failureText(failure({}))).toBe('it failed')
  })

  test('tells of a service that logged nothing', () => {
    const logs = [
      { service: 'node', lines: [] },
      { service: 'web', lines: ['listening'] },
    ]
    expect(failureText(failure({ logs }))).toBe(
      'it failed\nnode logged nothing\nthe last log line of web\n  | listening',
    )
  })
})
