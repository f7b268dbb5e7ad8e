import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { builtInKinds } from './kinds.ts'
import { runCli } from './testing.ts'
import { topics } from './topics.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-steps-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const all = topics(builtInKinds())

describe('plan steps', () => {
  const pages: readonly [name: string, words: string][] = [
    ['gte', 'at least this'],
    ['matrix', 'pool: [main, mini]'],
    ['capture', 'workers: $.workers.admitted'],
    ['secrets', 'an environment variable of the runner'],
    ['requires', 'one unmet makes the case skipped'],
    ['targets', 'compose: ./compose.yaml'],
    ['compose', '(target key)'],
    ['exit-codes', 'another run holds the target'],
    ['reporters', 'junit'],
    ['run', '(probe)'],
  ]
  for (const [name, words] of pages)
    test(`has a page for ${name}`, async () => {
      const { out, code } = await runCli(['steps', name], { cwd: folder })
      expect(out).toContain(words)
      expect(code).toBe(0)
    })

  test('finds pages by a word', async () => {
    const { out } = await runCli(['steps', '--grep', 'fingerprint'], { cwd: folder })
    expect(out).toContain('Probes')
    expect(out).toContain('fingerprint')
    expect(out).not.toContain('partition')
  })
  test('names the nearest page', async () => {
    const { err, code } = await runCli(['steps', 'mtrix'], { cwd: folder })
    expect(err).toContain('did you mean "matrix"')
    expect(code).toBe(2)
  })
  test('has an example for each matcher, and for each key of plans and steps', () => {
    const wanted = all.filter(({ of }) => ['matcher', 'plan key', 'step key'].includes(of))
    expect(wanted.filter(({ example }) => example === undefined).map(({ name }) => name)).toEqual([])
  })
})

describe('the example', () => {
  for (const { of, name, example = '' } of all.filter((topic) => topic.example !== undefined))
    test(`of the ${of} ${name} is a valid part of a plan`, async () => {
      writeFileSync(join(folder, 'targets.yaml'), of === 'target key' ? example : TARGETS)
      writeFileSync(
        join(folder, 'plan.yaml'),
        of === 'target key' ? 'plan: P\ntarget: demo\nsteps: [{ run: "true" }]' : planWith(of, example),
      )
      const { err, out, code } = await runCli(['lint', 'plan.yaml', '--color', 'never'], { cwd: folder })
      expect([code, `${err}${out}`]).toEqual([0, expect.stringContaining('nothing is wrong')])
    })
})

const TARGETS =
  'targets: { demo: { services: { node: { command: [sleep, "60"] }, gateway: { command: [sleep, "60"], port: auto } } } }\n'
const INPUTS = { nodes: { type: 'number', default: 3 } }

function planWith(of: string, example: string): string {
  const base = { plan: 'P', target: 'demo', inputs: INPUTS, variables: { before: 1 }, steps: [{ run: 'true' }] }
  const said = parse(example)
  if (of === 'plan key') return JSON.stringify({ ...base, ...said })
  const steps = of === 'step key' ? said : [{ assert: { http: 'http://gateway/', ...withField(said) } }]
  return JSON.stringify({ ...base, steps })
}

/** `stdout` is a field of a command, and `$` paths and `status` are of a request. */
function withField({ expect: said }: { expect: Record<string, unknown> }): object {
  const isRun = Object.keys(said).some((key) => key === 'stdout')
  const wanted = JSON.parse(JSON.stringify(said).replace('${{ before }}', '${{ variables.before }}'))
  return isRun ? { http: undefined, run: 'true', expect: wanted } : { expect: wanted }
}
