import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Asked, eventsOf, logs, reportOf, testdata } from './testing.ts'

const golden = join(testdata, 'golden')

/** The durations in the logs are fixed, so whole outputs are compared as they are. */
const reports: readonly (readonly [file: string, reporter: string, asked: Asked])[] = [
  ['pretty.txt', 'pretty', {}],
  ['color.txt', 'pretty', { color: 1 }],
  ['quiet.txt', 'pretty', { quiet: true }],
  ['verbose.txt', 'pretty', { verbose: true }],
  ['tap', 'tap', {}],
  ['junit.xml', 'junit', {}],
  ['strict.xml', 'junit', { options: ['strict'] }],
  ['steps.xml', 'junit', { options: ['steps'] }],
]

for (const log of logs)
  describe(log, () => {
    for (const [file, reporter, asked] of reports)
      test(`${reporter} ${file} reads as it always did`, async () => {
        expectGolden(`${log}.${file}`, await reportOf(reporter, eventsOf(log), asked))
      })
  })

test('tap13 is tap but for its first line', async () => {
  for (const log of logs) {
    const [first, ...rest] = (await reportOf('tap13', eventsOf(log))).split('\n')
    expect(first).toBe('TAP version 13')
    expect(rest).toEqual((await reportOf('tap', eventsOf(log))).split('\n').slice(1))
  }
})

function expectGolden(name: string, actual: string): void {
  const file = join(golden, name)
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(golden, { recursive: true })
    writeFileSync(file, actual)
  }
  if (!existsSync(file)) throw new Error(`there is no ${file}; make it with UPDATE_GOLDEN=1`)
  expect(actual).toBe(readFileSync(file, 'utf8'))
}
