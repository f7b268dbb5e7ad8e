/** Carries out the truth table of LANGUAGE.md. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { incomplete } from '../runner/base/incomplete.ts'
import { fakeContext, fakeProbe } from '../runner/condition/fake-probe.ts'
import { makeCondition } from '../runner/condition.ts'
import type { Taken } from '../runner/contracts/probe.ts'
import { checkMatcher } from '../runner/matchers.ts'

const place = { file: 'plan.yaml', path: ['assert'] }
const said = readFileSync(join(import.meta.dir, 'LANGUAGE.md'), 'utf8')
const rows = said
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (reading|---)/.test(line))
  .map(
    (line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()) as [string, string, string, string, string],
  )

describe('the rule of honesty', () => {
  test('has a table with every kind of reading', () => expect(rows.length).toBeGreaterThan(35))
  for (const [reading, matcher, ...expected] of rows)
    test(`gives ${expected.join(', ')} for ${matcher} on a reading that is ${reading}`, async () => {
      const asked = parse(matcher.replaceAll('`', '')) as object
      const is = async (condition: object) =>
        (await makeCondition(condition, place, { probes: fakeProbe({ it: takenOf(reading) }) }).check(fakeContext())).is
      const with_ = (wanted: object) => ({ fake: 'it', expect: { [pathOf(reading)]: wanted } })
      const refused = checkMatcher({ not: asked }, place).length > 0
      expect([
        await is(with_(asked)),
        refused ? 'load error' : await is(with_({ not: asked })),
        await is({ none: [with_(asked)] }),
      ]).toEqual(expected)
    })
})

/** Whole values are looked up in a document; a value that is known in part is a field. */
function pathOf(reading: string): string {
  return /^(cut|unknown)/.test(reading) ? 'text' : '$.it'
}

function takenOf(reading: string): Taken {
  if (reading === 'not taken') return { untaken: 'refused' }
  if (reading === 'not JSON') return { fields: { text: 'x' }, says: 'x', noDocument: 'not JSON' }
  if (reading === 'absent') return { fields: {}, document: {}, says: '{}' }
  if (reading === 'unknown') return partly(undefined)
  const value = parse(/`(.*)`/.exec(reading)?.[1] ?? '') as string | unknown[]
  if (reading.startsWith('cut after')) return partly(value, 'end')
  if (reading.startsWith('cut before')) return partly(value, 'start')
  return { fields: {}, document: { it: value }, says: reading }
}

function partly(part: string | unknown[] | undefined, missing?: 'end' | 'start'): Taken {
  return { fields: { text: incomplete('cut at 16 MiB', part, missing) }, says: 'cut' }
}
