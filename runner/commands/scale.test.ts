/** Ordinary life of services of containers. */
import { afterAll, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dockerTest } from '../targets/runtime/docker/testing.ts'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-scale-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const agent = { image: 'debian:bookworm-slim', command: ['sleep', 'infinity'], init: true }
writeFileSync(join(folder, 'compose.yaml'), JSON.stringify({ services: { agent } }))
writeFileSync(join(folder, 'targets.yaml'), 'targets: { demo: { runtime: docker, compose: compose.yaml } }\n')

dockerTest(
  'a service is scaled up, its replicas have names, and it is scaled back',
  async () => {
    const { out, code } = await run(
      'service: { scale: agent, to: 3 }',
      'assert: { service: "agent[3]", state: running }',
      'inject-fault: { stop: "agent[2]" }',
      'assert: { service: "agent[2]", state: exited }',
      'assert: { service: "agent[1]", state: running }',
    )
    expect(out).toContain('3 of agent are running')
    expect(out).toContain('restored: 1 of agent runs')
    expect(out).toContain('1 passed')
    expect(code).toBe(0)
  },
  60_000,
)

dockerTest(
  'a service that is not there is found before anything is changed',
  async () => {
    const { out, code } = await run('service: { restart: agent }', 'inject-fault: { stop: agnet }')
    expect(out).toContain('did you mean "agent"?')
    expect(out).not.toContain('restarts agent')
    expect(code).toBe(3)
  },
  60_000,
)

function run(...steps: readonly string[]) {
  writeFileSync(
    join(folder, 'plan.yaml'),
    `plan: P\ntarget: demo\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`,
  )
  return runCli(['plan.yaml', '--color', 'never'], { cwd: folder })
}
