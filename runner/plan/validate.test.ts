/** An unexpected value of any kind gives a single located finding. */
import { describe, expect, test } from 'bun:test'
import { planOf, problems } from './testing.ts'

const plan = (rest: string) => `plan: P\n${rest}`
const STEPS = 'steps: [{ run: "true" }]\n'

describe('an expression can not stand for what is read before there are values', () => {
  test.each([
    ['steps: ${{ x }}\n', '2:8', 'steps'],
    [`on-failure: \${{ x }}\n${STEPS}`, '2:13', 'on-failure'],
    [`requires: \${{ x }}\n${STEPS}`, '2:11', 'requires'],
    [`baseline: \${{ x }}\n${STEPS}`, '2:11', 'baseline'],
    [`matrix: \${{ x }}\n${STEPS}`, '2:9', 'matrix'],
    [`inputs: \${{ x }}\n${STEPS}`, '2:9', 'inputs'],
    [`inputs: { a: "\${{ x }}" }\n${STEPS}`, '2:14', 'a'],
    [`variables: \${{ x }}\n${STEPS}`, '2:12', 'variables'],
    [`secrets: \${{ x }}\n${STEPS}`, '2:10', 'secrets'],
    [`timeout: \${{ x }}\n${STEPS}`, '2:10', 'timeout'],
    [`lock: \${{ x }}\n${STEPS}`, '2:7', 'lock'],
    [`tags: \${{ x }}\n${STEPS}`, '2:7', 'tags'],
    ['steps:\n  - group: ${{ x }}\n', '3:12', 'group'],
    ['steps:\n  - run: "true"\n    capture: ${{ x }}\n', '4:14', 'capture'],
    ['steps:\n  - run: echo\n    capture: { a: { from: stdout, secret: "${{ true }}" } }\n', '4:43', 'secret'],
  ])('%j', async (text, at, key) => {
    expect(await problems(plan(text))).toContain(`${at} nothing is filled in here: \`${key}\` takes no expressions`)
  })
  test('nor for settings of a target, of which `protect` would be off', async () => {
    const targets = (line: string) => ({ 'targets.yaml': `targets:\n  demo:\n    ${line}\n` })
    for (const line of ['protect: "${{ true }}"', 'services: "${{ x }}"', 'defaults: { within: "${{ x }}" }'])
      expect(await problems(plan(STEPS), targets(line))).toEqual([
        expect.stringMatching(/^targets.yaml:3:\d+ nothing is filled in here/),
      ])
    expect(
      await problems(plan(STEPS), targets('services: { a: { command: x, stop: { grace: "${{ x }}" } } }')),
    ).toEqual(['targets.yaml:3:49 nothing is filled in here: `grace` takes no expressions'])
  })
  test('values of what steps do are filled in', async () => {
    const text = `variables: { n: 2, headers: {} }\nsteps:
  - { run: "true", repeat: "\${{ variables.n }}", timeout: "\${{ variables.n }}s", continue-on-error: "\${{ true }}" }
  - http: { get: "http://web/", headers: "\${{ variables.headers }}" }\n`
    expect(await problems(plan(text))).toEqual([])
  })
})

describe('counts and times that nobody can wait for', () => {
  test.each([
    ['run: "true"\n    repeat: 99999999999', '4:13 99999999999 rounds are too many'],
    ['run: "true"\n    repeat: 1e300', '4:13 1e+300 rounds are too many'],
    ['sleep: 99999999999h', '3:12 99999999999h is longer than anybody can wait'],
    ['wait-for: { run: "true", within: 40000d }', '3:38 40000d is longer than anybody can wait'],
    ['run: { command: "true", timeout: 40000d }', '3:38 40000d is longer than anybody can wait'],
    [
      'assert: { http: { get: "http://web/", timeout: 40000d }, status: 200 }',
      '3:52 40000d is longer than anybody can wait',
    ],
  ])('%s', async (step, problem) => {
    expect(await problems(planOf(step))).toContain(problem)
  })
})

describe('commands that do nothing', () => {
  const EMPTY = 'an empty command does nothing'
  const PROGRAM = 'the first word of a command is its program, and it is empty'
  test.each([
    ['run: ""', `3:10 ${EMPTY}`],
    ['run: "  "', `3:10 ${EMPTY}`],
    ['run: [""]', `3:11 ${PROGRAM}`],
    ['run: { command: "" }', `3:21 ${EMPTY}`],
    ['run: "true"\n    undo: ""', `4:11 ${EMPTY}`],
    ['run: "true"\n    verify: [""]', `4:14 ${PROGRAM}`],
    ['assert: { run: "", exit: 0 }', `3:20 ${EMPTY}`],
    ['wait-for: { run: "true", fail-if: { run: "", exit: 0 } }', `3:46 ${EMPTY}`],
    ['wait-for: { any: [{ run: "", exit: 0 }] }', `3:30 ${EMPTY}`],
    ['apply-config: { file: a, content: b, then: "" }', `3:48 ${EMPTY}`],
    ['apply-config: { file: a, content: b, then: [[""]] }', `3:50 ${PROGRAM}`],
    ['inject-fault: { run: "", undo: "true" }', `3:26 ${EMPTY}`],
  ])('%s', async (step, problem) => {
    expect(await problems(planOf(step))).toContain(problem)
  })
  test('of a secret, a requirement and a service, too', async () => {
    expect(await problems(plan(`secrets: { a: { command: "" } }\n${STEPS}`))).toContain(`2:26 ${EMPTY}`)
    expect(await problems(plan(`requires: [{ run: "" }]\n${STEPS}`))).toContain(`2:19 ${EMPTY}`)
    expect(
      await problems(plan(STEPS), { 'targets.yaml': 'targets: { a: { services: { b: { command: [] } } } }\n' }),
    ).toEqual([expect.stringContaining('targets.yaml:1:')])
  })
})

describe('JSONPaths in keys', () => {
  test.each([
    ['apply-config: { file: a.json, set: { "$.a[": 1 } }', '3:46 not a JSONPath: unclosed bracketed selection'],
    ['apply-config: { file: a.json, set: { a.b: 1 } }', "3:42 not a JSONPath: expected '$', found 'a'"],
    ['apply-config: { file: a.json, unset: ["$.a["] }', '3:47 not a JSONPath: unclosed bracketed selection'],
    ['run: echo\n    capture: { a: "$.a[" }', '4:23 bad JSONPath: unclosed bracketed selection'],
    ['run: echo\n    expect: { "$.a[": 1 }', '4:19 bad JSONPath: unclosed bracketed selection'],
  ])('%s', async (step, problem) => {
    expect(await problems(planOf(step))).toContain(problem)
  })
})

describe('closed lists of words', () => {
  test.each([
    ['requires: [{ run: "true", class: by-desing }]', '2:34 "by-desing" is not one of them; did you mean "by-design"?'],
    [
      'requires: [{ input: x, class: nope }]',
      '2:31 "nope" is not one of them; valid here: unavailable, by-design, covered-elsewhere',
    ],
    ['requires: [{ input: x, clas: by-design }]', '2:24 unknown key "clas"; did you mean "class"?'],
    ['requires: [{ input: nope }]\ninputs: { note: {} }', '2:21 there is no input "nope"; did you mean "note"?'],
    ['inputs: { a: { type: txt } }', '2:22 "txt" is not one of them; did you mean "text"?'],
    ['lock: share', '2:7 "share" is not one of them; did you mean "shared"?'],
  ])('%s', async (line, problem) => {
    expect(await problems(plan(`${line}\n${STEPS}`))).toContain(problem)
  })
  test('of how a service is stopped', async () => {
    const stop = (said: string) => ({
      'targets.yaml': `targets:\n  demo:\n    services:\n      a: { command: x, stop: ${said} }\n`,
    })
    expect(await problems(plan(STEPS), stop('{ signal: TREM }'))).toEqual([
      expect.stringContaining('"TREM" is not one of them; did you mean "TERM"?'),
    ])
    expect(await problems(plan(STEPS), stop('{ grace: soon }'))).toEqual([
      expect.stringContaining('"soon" is not a duration'),
    ])
  })
})

test.each(['%', '%41', 'a/b', 'a~1b', 'é', '"'])('a mistake below the key %j is told at its place', async (key) => {
  const quoted = JSON.stringify(key).replaceAll('\\\\', '\\')
  const found = await problems(planOf(`run: echo\n    capture: { ${quoted}: { from: 5 } }`))
  expect(found).toContain(`4:${26 + quoted.length} this is a number, and a text is expected`)
})
