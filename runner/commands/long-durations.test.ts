/** Times beyond 24.8 days (2^31 ms) are waited for, at every place that a plan or a flag sets one. */
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-long-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'targets.yaml'),
  `targets:
  here: { runtime: process }
  stack: { services: { web: { command: [sleep, "60"] } } }
  patient: { runtime: process, defaults: { patience: 1000000, within: 9000h, probe: 9000h } }
`,
)

async function run(plan: string, ...flags: string[]) {
  const file = join(folder, `${Bun.hash(plan)}.yaml`)
  writeFileSync(file, `plan: Long\ntarget: here\n${plan}`)
  const { out, err, code } = await runCli(['run', file, ...flags], { cwd: folder })
  return { code, said: out + err }
}

test('a pause of 600h is not over at once', async () => {
  const { code, said } = await run('steps:\n  - { sleep: 600h, timeout: 300ms }\n')
  expect(said).toContain('not done within 300ms')
  expect(code).toBe(1)
})

test('time limits of 600h let what they limit end by itself', async () => {
  const { code, said } = await run(
    `timeout: 600h
steps:
  - { run: { command: "sleep 0.2", timeout: 600h }, timeout: 9000h }
  - wait-for: { run: { command: "sleep 0.1; test -e ready || { touch ready; false; }", timeout: 9000h }, within: 9000h }
`,
    '--timeout',
    '9000h',
    '--wait-lock',
    '9000h',
  )
  expect(said).toContain('1 passed')
  expect(code).toBe(0)
})

test('a fault for 600h stays until it is restored', async () => {
  const { code, said } = await run(
    `steps:
  - inject-fault: { pause: web, for: 600h }
  - hold: { service: web, state: paused, for: 300ms }
  - restore: web
`,
    '--target',
    'stack',
  )
  expect(said).toContain('1 passed')
  expect(code).toBe(0)
})

test('a condition that is to hold for 600h is not held at once', async () => {
  const { code, said } = await run('steps:\n  - { hold: { run: "true", for: 600h }, timeout: 300ms }\n')
  expect(said).toContain('not done within 300ms')
  expect(code).toBe(1)
})

test('a patience that makes limits longer than 24.8 days is patient', async () => {
  const { code, said } = await run(
    'steps:\n  - run: "sleep 0.2"\n  - wait-for: { run: "sleep 0.1" }\n',
    '--target',
    'patient',
  )
  expect(said).toContain('1 passed')
  expect(code).toBe(0)
})
