import { expect, test } from 'bun:test'
import type { CaseEnd } from './case-run.ts'
import { exitCode } from './exit-code.ts'

const end = (more: Partial<CaseEnd>): CaseEnd => ({ outcome: 'passed', busy: false, badPlan: false, ...more })

const table: readonly (readonly [string, readonly CaseEnd[], string | undefined, number])[] = [
  ['passed', [end({})], undefined, 0],
  ['one failed', [end({}), end({ outcome: 'failed' })], undefined, 1],
  ['errored before failed', [end({ outcome: 'failed' }), end({ outcome: 'errored' })], undefined, 3],
  ['busy before errored', [end({ outcome: 'errored' }), end({ outcome: 'errored', busy: true })], undefined, 75],
  ['interrupted, and restored', [end({ outcome: 'failed', restored: 'restored' })], 'SIGINT', 130],
  ['terminated', [end({ outcome: 'failed' })], 'SIGTERM', 143],
  ['not restored wins over all', [end({ outcome: 'errored', busy: true, restored: 'failed' })], 'SIGINT', 4],
  ['drifted is not restored', [end({ restored: 'drifted' })], undefined, 4],
  ['only skipped cases', [end({ outcome: 'skipped' })], undefined, 5],
  ['no case at all', [], undefined, 5],
  ['a check', [end({ outcome: 'checked' })], undefined, 0],
]
for (const [title, ends, word, expected] of table)
  test(`${title}: ${expected}`, () => expect(exitCode(ends, word)).toBe(expected))
