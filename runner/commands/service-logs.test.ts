/** Logs are searched to their start, and a log that is not known as a whole is not judged as whole. */
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-logs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LINE = 'a line that is of ordinary length, with some words 0123456789'
const services = {
  long: `echo panic: early; yes '${LINE}' | head -n 300000; echo done; exec sleep 1000`,
  odd: `printf 'caf\\351\\n'; echo fine; echo done; exec sleep 1000`,
}
writeFileSync(
  join(folder, 'targets.yaml'),
  JSON.stringify({
    targets: {
      here: {
        services: Object.fromEntries(
          Object.entries(services).map(([name, sh]) => [name, { command: ['sh', '-c', sh] }]),
        ),
      },
    },
  }),
)

/** Each assert alone: whether it passed, and what was said. */
async function run(service: string, assert: object, before: readonly object[] = []) {
  const steps = [
    { 'wait-for': { logs: service, lines: { any: 'done' }, within: '60s' }, timeout: '60s' },
    ...before,
    { assert: { logs: service, ...assert } },
  ]
  const file = join(folder, `${Bun.hash(JSON.stringify(steps))}.yaml`)
  writeFileSync(file, JSON.stringify({ plan: 'Logs', target: 'here', steps }))
  const { out, err, code } = await runCli(['run', file], { cwd: folder })
  return { code, said: out + err }
}

const whole: readonly [name: string, service: string, assert: object, code: number][] = [
  ['an early line of a long log is found', 'long', { lines: { any: { contains: 'panic' } } }, 0],
  ['`none` over a long log sees its early lines', 'long', { lines: { none: { contains: 'panic' } } }, 1],
  ['all lines of a long log are counted', 'long', { count: 300_002, lines: { length: 300_002 } }, 0],
  ['lines that are not UTF-8 are counted', 'odd', { count: 3 }, 0],
  ['a line is found beside one that is not UTF-8', 'odd', { lines: { any: 'fine' } }, 0],
]
test.each(whole)('%s', async (_, service, assert, expected) => {
  const { code, said } = await run(service, assert)
  expect(said).not.toContain('could not be read')
  expect(code).toBe(expected)
})

const EMPTIED = { run: ': > $(ls -d .shakedown/work/*/services/long)/log' }
const untaken: readonly [name: string, service: string, assert: object, why: string][] = [
  ['a line that is not UTF-8 may hold any word', 'odd', { lines: { none: { contains: 'é' } } }, 'are not UTF-8'],
  [
    'a log that was emptied may have held any line',
    'long',
    { lines: { none: { contains: 'panic' } } },
    'lines of it are lost',
  ],
  ['a log that was emptied has an unknown count', 'long', { count: { lte: 5 } }, 'lines of it are lost'],
]
test.each(untaken)('%s', async (_, service, assert, why) => {
  const { code, said } = await run(service, assert, service === 'long' ? [EMPTIED] : [])
  expect(said).toContain('could not be read')
  expect(said).toContain(why)
  expect(code).toBe(1)
})
