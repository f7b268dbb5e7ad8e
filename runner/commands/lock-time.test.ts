/** The time of a case does not include its wait for others. */
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-lock-time-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'targets.yaml'),
  `targets:
  locked: { runtime: process }
  shared: { lifetime: run, services: { web: { command: [sleep, "60"] } } }
`,
)

/** Two cases of 2 s, which take turns. */
async function both(target: string) {
  const plans = ['one', 'two'].map((name) => {
    const file = join(folder, `${target}-${name}.yaml`)
    writeFileSync(file, `plan: ${name}\ntarget: ${target}\ntimeout: 3500ms\nsteps:\n  - run: sleep 2\n`)
    return file
  })
  const results = join(folder, `results-${target}`)
  const { out, err, code } = await runCli(['run', ...plans, '--workers', '2', '--output', results], {
    cwd: folder,
  })
  return { said: out + err, code }
}

test.each(['locked', 'shared'])('a case that waits for its turn on a %s target has its whole time', async (target) => {
  const { code, said } = await both(target)
  expect(said).toContain('2 passed')
  expect(code).toBe(0)
})
