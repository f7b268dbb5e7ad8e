/** Bad input gives a located error with what to do, exit 2, and touches nothing. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-bad-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'plans'))
writeFileSync(
  join(folder, 'plans', 'targets.yaml'),
  'targets:\n  demo:\n    services:\n      web: { command: [sleep, "60"], port: auto }\n      db-0: { command: [sleep, "60"] }\n',
)

const steps = (text: string) => `plan: P\nsteps:\n  - ${text}\n`

/** Title → the plan, where the error points, and words that must be in it. */
const table: Readonly<Record<string, readonly [plan: string, at: string, ...words: string[]]>> = {
  'not YAML': ['plan: [a\n', '1:7', 'never closed'],
  'a key given twice': ['plan: P\nplan: Q\nsteps: []\n', '2:1', 'given twice'],
  'an unknown tag': ['plan: !x P\n', '1:7', 'tag'],
  'a cyclic alias': ['plan: P\nsteps: &a [*a]\n', '2:12', 'inside of what it names'],
  'an alias bomb': [`plan: P\na: &a [${'1,'.repeat(200)}1]\nb: &b [${'*a,'.repeat(20)}1]\n`, '3:', 'larger'],
  'nesting 10,000 deep': [`plan: ${'['.repeat(10_000)}`, '1:', 'nested'],
  'a file of 50 MB': [`plan: P\n# ${'x'.repeat(50_000_000)}\n`, '1:1', '5 MB'],
  'an unknown plan key': ['plan: P\nstep: []\nsteps: [{ run: "true" }]\n', '2:1', 'did you mean "steps"'],
  'an unknown step kind': [steps('wait-fro: { service: web, state: running }'), '3:5', 'did you mean "wait-for"'],
  'an unknown fault': [steps('inject-fault: { stopp: web }'), '3:21', 'did you mean "stop"'],
  'an unknown probe': [steps('assert: { servcie: web }'), '3:15', 'did you mean "service"'],
  'an unknown matcher': [steps('assert: { run: "true", exit: { gtee: 1 } }'), '3:36', 'did you mean "gte"'],
  'an unknown common key': [steps('run: "true"\n    nmae: x'), '4:5', 'did you mean "name"'],
  'two kinds in one step': [steps('run: "true"\n    sleep: 1s'), '4:5', 'run and sleep'],
  'a bad duration': [steps('sleep: 5 minutes'), '3:12', 'not a duration'],
  'a bare number as a duration': [steps('sleep: 30'), '3:12', 'did you mean 30s'],
  'a bad JSONPath, at its character': [
    steps('assert: { http: "http://web/", expect: { "$.a[?": 1 } }'),
    '3:',
    'JSONPath',
  ],
  'bad CEL, at its character': [steps('run: "echo ${{ 1 + }}"'), '3:2', 'not an expression'],
  'an undefined name': [steps('run: "echo ${{ nope }}"'), '3:20', 'nothing is named "nope"'],
  'a name used before its capture': [
    steps('run: "echo ${{ later }}"\n  - run: echo x\n    capture: { later: stdout }'),
    '3:20',
    'nothing is named "later"',
  ],
  'an empty expect': [steps('assert: { http: "http://web/", expect: {} }'), '3:36', 'expects nothing'],
  'an unknown target': ['plan: P\ntarget: dmeo\nsteps: [{ run: "true" }]\n', '2:9', 'did you mean "demo"'],
  'an unknown service': [steps('assert: { service: wbe, state: running }'), '3:24', 'did you mean "web"'],
  'two faults on one service': [
    steps('inject-fault: { stop: web }\n  - inject-fault: { pause: web }'),
    '4:',
    'overlap',
  ],
  'a secret in an argv': [
    'plan: P\nsecrets: { t: { env: HOME } }\nsteps:\n  - run: [echo, "${{ secrets.t }}"]\n',
    '4:17',
    'secret in an argv',
  ],
  'an unquoted expression within { }': [steps('assert: { value: ${{ inputs.x }} }'), '3:22', 'quote'],
  'a missing input': [
    'plan: P\ninputs: { x: { description: Which } }\nsteps: [{ run: "true" }]\n',
    '2:11',
    '--input x=',
  ],
  'an input of the wrong type': [
    'plan: P\ninputs: { x: { type: number, default: abc } }\nsteps: [{ run: "true" }]\n',
    '2:11',
    'number',
  ],
  '__proto__ as a key': ['plan: P\n__proto__: { a: 1 }\n', '2:1', '__proto__'],
  'a path that leaves the results': [steps('collect: { logs: [web], into: ../../etc }'), '3:35', 'leaves the results'],
  'a service with a hyphen behind a dot': [steps('run: "echo ${{ services.db-0.port }}"'), '3:', 'subtraction'],
  'an expression within single quotes of a shell': [
    'plan: P\ninputs: { x: { default: a } }\nsteps:\n  - run: "echo \'${{ inputs.x }}\'"\n',
    '4:',
    'single quotes',
  ],
  'a restore of nothing': [steps('restore: web'), '3:14', 'broken or changed before'],
  'a word that is not built yet': [steps('parallel: []'), '3:5', 'not built yet'],
  'a length that can never fail': [
    steps('assert: { http: "http://web/", expect: { $.a: { length: { gte: 0 } } } }'),
    '3:',
    'never fail',
  ],
}

describe('bad input', () => {
  for (const [title, [plan, at, ...words]] of Object.entries(table))
    test(title, async () => {
      const { code, err } = await lint(plan)
      expect(err).toContain(`plans/bad.yaml:${at}`)
      for (const word of words) expect(err).toContain(word)
      expect(err).toMatch(/\n +\d+ \| /)
      expect(err).not.toMatch(/\n +at .*\.ts/)
      expect(code).toBe(2)
    })

  test('several mistakes give several messages in the order of lines, one each', async () => {
    const { err } = await lint(
      'plan: P\nsteps:\n  - wait-fro: x\n  - sleep: 30\n  - assert: { service: wbe, state: helathy }\n',
    )
    const lines = [...err.matchAll(/bad\.yaml:(\d+):\d+:/g)].map(([, line]) => Number(line))
    expect(lines).toEqual([3, 4, 5])
  })

  test('a flag that is not built yet says so', async () => {
    const { code, err } = await run(['--shard', '1/2', 'plans/bad.yaml'])
    expect(err).toContain('--shard is not built yet')
    expect(code).toBe(2)
  })

  test('an unknown reporter, a bad number, a plan that is not there', async () => {
    writeFileSync(join(folder, 'plans', 'bad.yaml'), 'plan: P\nsteps: [{ run: "true" }]\n')
    for (const [args, words] of [
      [['--reporter', 'junti', 'plans'], 'did you mean "junit"'],
      [['--workers', 'many', 'plans'], 'whole number'],
      [['plans/nope.yaml'], 'no such file'],
    ] as const) {
      const { code, err } = await run([...args])
      expect(err).toContain(words)
      expect(code).toBe(2)
    }
  })
})

async function lint(plan: string) {
  writeFileSync(join(folder, 'plans', 'bad.yaml'), plan)
  return run(['plans/bad.yaml'])
}

async function run(args: readonly string[]) {
  const ended = await runCli([...args, '--color', 'never'], { cwd: folder })
  expect(ended.out).not.toContain('passed')
  return ended
}
