/** A clock that is set back an hour in the middle of a fault. */
import { afterAll, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunEvent } from '../contracts/events.ts'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-clock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

/** The runner's clock goes back as soon as the fault is in; so does that of every shell, by a `date` of its own. */
const CLOCK = `
const real = Date.now
let back = 0
class Back extends Date {
  constructor(...args) { args.length === 0 ? super(Date.now()) : super(...args) }
  static now() { return real() - back }
}
export default {
  reporters: [{ name: 'clock', summary: 'sets the clock back', open: () => ({
    event: (event) => {
      if (event.is !== 'change' || event.state !== 'applied' || event.step !== 'steps/0') return
      back = 3_600_000
      globalThis.Date = Back
    },
    end: () => undefined,
  }) }],
}
`

test('changes neither when a fault ends, nor how long is waited, nor the lease', async () => {
  mkdirSync(join(folder, 'bin'))
  write('bin/date', '#!/bin/sh\nexec /bin/date -d "1 hour ago" "$@"\n')
  chmodSync(join(folder, 'bin/date'), 0o755)
  write('clock.ts', CLOCK)
  write('here.txt', 'here')
  write('targets.yaml', 'targets: { here: { runtime: process, defaults: { lease: 2s } } }\nplugins: [./clock.ts]\n')
  write(
    'plan.yaml',
    `plan: Clock
target: here
steps:
  - inject-fault: { run: mv here.txt gone.txt, undo: "[ ! -e gone.txt ] || mv gone.txt here.txt", verify: test -e here.txt, for: 1500ms }
  - hold: { file: gone.txt, exists: true, for: 500ms }
  - wait-for: { file: here.txt, exists: true, within: 20s }
  - sleep: 2500ms
  - run: 'test "$(date +%s)" -lt "$(($(/bin/date +%s) - 3000))"'
`,
  )
  const start = performance.now()
  const ran = await runCli(
    ['plan.yaml', '--output', 'results', '--reporter', 'clock:clock.txt', '--reporter', 'pretty'],
    {
      cwd: folder,
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    },
  )
  expect([ran.code, ran.err.includes('bug')]).toEqual([0, false])
  expect(performance.now() - start).toBeLessThan(15_000)
  const [run = ''] = readdirSync(join(folder, 'results'))
  const events = readFileSync(join(folder, 'results', run, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent)
  expect(events.filter((event) => event.is === 'restored')).toMatchObject([{ outcome: 'restored', by: 'for' }])
  const restored = events.find((event) => event.is === 'step.ended' && event.step === 'steps/2')
  expect(restored).toMatchObject({ outcome: 'passed' })
  expect(existsSync(join(folder, 'here.txt'))).toBe(true)
}, 60_000)
