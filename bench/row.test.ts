import { describe, expect, test } from 'bun:test'
import { cells, missed, type Row } from './row.ts'

const row: Row = {
  what: 'steps',
  value: 130,
  unit: 'ms',
  beside: { what: 'sh', value: 100 },
  goal: { of: 'ratio', most: 1.3 },
}

describe('a goal of the bench', () => {
  test('is met up to its limit, by value or by ratio', () => {
    expect(missed(row)).toBe(false)
    expect(missed({ ...row, value: 131 })).toBe(true)
    expect(missed({ ...row, goal: { of: 'value', most: 129 } })).toBe(true)
  })

  test('is missed by what could not be measured', () => {
    expect(missed({ ...row, value: Number.NaN })).toBe(true)
    expect(missed({ ...row, beside: undefined })).toBe(true)
  })

  test('stands in the table beside what was compared', () => {
    expect(cells(row)).toEqual(['steps', '130 ms', 'sh 100 ms', '1.30', '≤ 1.3', 'met'])
    expect(cells({ what: 'poll', value: 1.25, unit: 'ms' })).toEqual(['poll', '1.3 ms', '', '', '', ''])
  })
})
