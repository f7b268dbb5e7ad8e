/** `service: {restart}` and `{start}` are over once the service is ready again, as at `up`. */
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-ready-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** Answers a second after its start, and on request 8 s after its second start. */
writeFileSync(
  join(folder, 'web.ts'),
  `import { existsSync, writeFileSync } from 'node:fs'
const late = process.env.LATE && existsSync('started') ? 8_000 : 1_000
writeFileSync('started', '')
console.log('warming up')
setTimeout(() => Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response('up') }), late)
`,
)
const service = (more: string) => `
    defaults: { up: 20s }
    services:
      web: { command: [bun, "${join(folder, 'web.ts')}"], port: auto, ready: { http: / }${more} }`
writeFileSync(
  join(folder, 'targets.yaml'),
  `targets:
  web:${service('')}
  late:${service(', env: { LATE: 1 }').replace('20s', '4s')}
`,
)

async function run(target: string, steps: readonly object[]) {
  const file = join(folder, `${Bun.hash(JSON.stringify([target, steps]))}.yaml`)
  writeFileSync(file, JSON.stringify({ plan: 'Ready', target, steps }))
  rmSync(join(folder, 'started'), { force: true })
  const { out, err, code } = await runCli(['run', file], { cwd: folder })
  return { code, said: out + err }
}

const ANSWERS = { assert: { http: 'http://web/', status: 200 } }

test('a restart is over once the service answers again', async () => {
  const { code, said } = await run('web', [{ service: { restart: 'web' } }, ANSWERS])
  expect([code, said]).toEqual([0, expect.stringContaining('1 passed')])
})

test('a start is over once the service answers again', async () => {
  const { code, said } = await run('web', [{ service: { stop: 'web' } }, { service: { start: 'web' } }, ANSWERS])
  expect([code, said]).toEqual([0, expect.stringContaining('1 passed')])
})

test('a restart that is not to be waited for is over at once', async () => {
  const { code } = await run('web', [
    { service: { restart: 'web', ready: false } },
    { assert: { http: 'http://web/', reachable: false } },
  ])
  expect(code).toBe(0)
})

test('a service that does not get ready again fails the step and says what was waited for', async () => {
  const { code, said } = await run('late', [{ service: { restart: 'web' } }])
  expect(said).toContain('web was not ready within 4s')
  expect(said).toContain('ready: false')
  expect(code).toBe(1)
})
