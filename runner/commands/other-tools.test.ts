/** Words of other tools get a hint that says what to write here. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-words-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'targets.yaml'), 'targets: { here: { services: { store: { command: [sleep, "60"] } } } }\n')
const plan = (step: string) => `plan: P\ntarget: here\ntags: [smoke]\nsteps:\n  - ${step}\n`

const hints: readonly [step: string, hint: string][] = [
  ['{ when: x, run: "true" }', 'write `if:`'],
  ['{ register: x, run: "true" }', 'write `capture: {NAME: FIELD}`'],
  ['{ loop: [1], run: "true" }', 'write `for-each: {NAME: list}`'],
  ['{ with_items: [1], run: "true" }', 'write `for-each: {NAME: list}`'],
  ['{ ignore_errors: true, run: "true" }', 'write `continue-on-error: true`'],
  ['{ run: "true", working-directory: /tmp }', 'cd FOLDER'],
  ['{ run: "true", failed_when: false }', 'write `expect:`'],
  ['debug: { msg: hi }', 'write `run: echo …`'],
  ['set_fact: { a: 1 }', 'write `variables:` of the plan'],
  ['run: "echo ${{ github.sha }}"', 'write an input'],
  ['run: "echo ${{ steps.x.outputs.y }}"', 'write `capture: {NAME: FIELD}` on that step'],
  ['assert: { http: "http://store/", statusCode: 200 }', 'write `status:`'],
  ['http: { get: "http://store/", insecure: true }', 'write `ca:`'],
  ['sleep: 5min', 'did you mean 5m?'],
  ['sleep: "5 seconds"', 'did you mean 5s?'],
  ['http:', 'this is null, and'],
  ['{ run: "true", with: { a: 1 } }', 'the options inside the kind'],
  ['{ run: "true", env: { A: b } }', 'write run: { command: …, env: … }'],
  ['{ http: "http://store/", status: 200 }', 'write expect: { status: … }'],
  ['kill: store', 'write inject-fault: { kill: store }'],
  ['logs: store', 'write assert: { logs: store }'],
  ['hold: { service: store, state: running, duration: 5s }', 'write `for:`'],
  ['hold: { http: "http://store/", status: 200, duration: 5s }', 'write `for:`'],
  ['wait-for: { service: store, state: running, timeout: 5s }', 'write `within:`'],
  ['assert: { http: "http://store/", status: 200, timeout: 5s }', 'write http: { get: …, timeout: … }'],
  ['assert: { run: "true", exit: { min: 1 } }', 'write {gte: …}'],
  ['assert: { run: "true", exit: { eq: 1 } }', 'write {equals: …}'],
  ['assert: { run: "true", stdout: { regex: x } }', 'write {matches: …}'],
  ['assert: { run: "true", stdout: { matches: "(?=x)" } }', 'lookaround is not supported'],
  ['assert: { logs: store, contains: x }', 'lines: { any: { contains: … } }'],
  ['assert: [{ run: "true" }, { run: "false" }]', 'write all: with the list'],
  ['{ if: always(), run: "true" }', '`always:` of the plan'],
  ['{ if: failure(), run: "true" }', '`on-failure:` of the plan'],
  ['{ run: "echo {{ x }}" }', 'write ${{ x }} for an expression'],
  ['assert: { http: "http://store/", expect: { store: up } }', 'starts with $: $.store'],
  ['assert: { http: "http://store/", expect: { .mode: up } }', 'starts with $: $.mode'],
  ['assert: { http: { url: "http://store/", method: GET } }', 'write the method with its URL'],
  ['assert: { http: "http://store/", body: x }', 'write `text:`'],
]

describe('a word of another tool', () => {
  for (const [step, hint] of hints)
    test(`has a hint: ${step}`, async () => {
      const { err, out } = await lint(plan(step))
      expect(`${err}${out}`).toContain(hint)
    })
  test('does not disturb Go templates, nor text that another program expands', async () => {
    const { code, err } = await lint(plan('run: "docker inspect -f \'{{.State}} {{json .Mounts}} {{end}}\' x"'))
    expect(err).toBe('')
    expect(code).toBe(0)
  })
})

describe('the command line', () => {
  const cases: readonly [args: readonly string[], code: number, words: string][] = [
    [['validate', 'plan.yaml'], 2, 'write `plan lint`'],
    [['plan.yaml', '--tag', 'nope'], 2, 'no plan has that tag; valid here: smoke'],
    [['lint', 'plan.yaml', '--tag', 'smok'], 2, 'did you mean "smoke"'],
    [['list', 'plan.yaml', '--grep', 'zzz'], 5, 'no case has that in its title'],
    [['plan.yaml', '--reporter', 'pretty', '--reporter', 'tap'], 2, 'both write to stdout'],
    [['plan.yaml', '--reporter', 'tap', '--reporter', 'tap13'], 2, 'both write to stdout'],
    [['plan.yaml', '--reporter', 'pretty', '--reporter', 'junit:/dev/stdout'], 2, 'both write to stdout'],
    [['plan.yaml', '--reporter', 'junit', '--reporter', 'tap:-'], 2, 'both write to stdout'],
    [['plan.yaml', '--reporter', 'tap:a', '--reporter', 'junit:./a'], 2, 'both write to'],
    [[], 2, 'Usage: plan'],
  ]
  for (const [args, code, words] of cases)
    test(`answers \`plan ${args.join(' ')}\``, async () => {
      writeFileSync(join(folder, 'plan.yaml'), plan('run: "true"'))
      const result = await runCli(args, { cwd: folder })
      expect(`${result.out}${result.err}`).toContain(words)
      expect(result.code).toBe(code)
    })
})

async function lint(text: string) {
  writeFileSync(join(folder, 'plan.yaml'), text)
  return await runCli(['lint', 'plan.yaml', '--color', 'never'], { cwd: folder })
}
