import { describe, expect, test } from 'bun:test'
import { planOf, problems, targets } from '../testing.ts'

const pause = 'inject-fault: { pause: web }'
const stop = 'inject-fault: { stop: web }'
const overlap = '"web" is broken already, by "inject-fault pause web"'

describe('two faults on one service', () => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    'after a restore of it': [pause, 'restore: web', stop],
    'after a restore of a list, of all, of the id': [
      pause,
      'restore: [web]',
      stop,
      'restore: all',
      `id: one\n    ${pause}`,
      'restore: one',
      stop,
    ],
    'when it is said to be meant': [pause, 'inject-fault: { stop: web, overlap: true }'],
    'when the first ends by its `for`': ['inject-fault: { pause: web, for: 5s }', stop],
    'when the first leaves nothing in': ['inject-fault: { restart: web }', stop],
    'on two services': [pause, 'inject-fault: { stop: db }'],
    'when they run only `if`': [`if: run.id == "1"\n    ${pause}`, `if: run.id == "2"\n    ${stop}`],
    'when the service is computed': [pause, 'for-each: { s: [web] }\n    inject-fault: { stop: "${{ s }}" }'],
  }
  for (const [title, steps] of Object.entries(allowed))
    test(`are fine ${title}`, async () => expect(await problems(planOf(...steps))).toEqual([]))

  test('are an error at the second', async () => {
    expect(await problems(planOf(pause, stop))).toEqual([`4:27 ${overlap}`])
    expect(await problems(planOf(pause, 'group:\n      - inject-fault: { kill: [db, web] }'))).toEqual([
      `5:36 ${overlap}`,
    ])
    expect(await problems(planOf(pause, 'restore: web', pause, stop))).toEqual([`6:27 ${overlap}`])
  })

  test('one of them within a fragment', async () => {
    const fragment = `fragment: F\nsteps:\n  - ${pause}\n`
    expect(await problems(planOf('use: f.yaml', stop), { 'f.yaml': fragment })).toEqual([`4:27 ${overlap}`])
  })
})

describe('restore', () => {
  const nothing = (name: string) => `nothing that "${name}" stands for is broken or changed before`
  const change = 'apply-config: { file: a.json, set: { $.a: 1 } }'

  test('of a service takes its faults, of an id that step, of all everything', async () => {
    expect(await problems(planOf(pause, 'restore: web'))).toEqual([])
    expect(await problems(planOf(`id: one\n    ${change}`, 'restore: one'))).toEqual([])
    expect(await problems(planOf(change, 'restore: all'))).toEqual([])
    expect(await problems(planOf('run: x\n    id: one\n    undo: y', 'restore: one'))).toEqual([])
  })

  test('to which no earlier step gave anything is an error', async () => {
    expect(await problems(planOf('restore: web'))).toEqual([`3:14 ${nothing('web')}`])
    expect(await problems(planOf('restore: all', pause))).toEqual([`3:14 ${nothing('all')}`])
    expect(await problems(planOf(pause, 'restore: [web, db]'))).toEqual([`4:20 ${nothing('db')}`])
    expect(await problems(planOf('inject-fault: { restart: web }', 'restore: web'))).toEqual([`4:14 ${nothing('web')}`])
  })

  test('a change of a service is no fault on it, and a fault kind is no handle', async () => {
    expect(await problems(planOf('service: { stop: web }', 'restore: web'))).toEqual([`4:14 ${nothing('web')}`])
    expect(await problems(planOf(pause, 'restore: pause'))).toEqual([`4:14 ${nothing('pause')}`])
  })

  test('of a step that can not be undone is an error', async () => {
    for (const undo of ['', '\n    undo: none'])
      expect(await problems(planOf(`run: x\n    id: one${undo}`, 'restore: one'))).toEqual([
        `${undo === '' ? 5 : 6}:14 ${nothing('one')}`,
      ])
  })

  test('a second one has nothing left, unless the first ran only `if`', async () => {
    expect(await problems(planOf(pause, 'restore: web', 'restore: web'))).toEqual([`5:14 ${nothing('web')}`])
    expect(await problems(planOf(pause, 'if: run.id == "1"\n    restore: web', 'restore: web'))).toEqual([])
  })

  test('in `always` may find what the steps left, or nothing', async () => {
    expect(await problems(`${planOf(pause, 'restore: web')}always: [{ restore: db }]\n`)).toEqual([
      `5:21 ${nothing('db')}`,
    ])
  })

  test('of what a fragment broke, and of what a computed fault may have broken', async () => {
    const fragment = `fragment: F\nsteps:\n  - id: one\n    ${pause}\n`
    expect(await problems(planOf('use: f.yaml', 'restore: web'), { 'f.yaml': fragment })).toEqual([])
    const computed = 'for-each: { s: [web] }\n    inject-fault: { pause: "${{ s }}" }'
    expect(await problems(planOf(computed, 'restore: web'))).toEqual([])
  })
})

describe('services', () => {
  test('that the target does not have are told wherever they stand', async () => {
    const plan = `plan: P
requires: [{ service: wbe, state: running }]
baseline: [{ logs: wbe, count: 0 }]
steps:
  - inject-fault: { pause: [web, wbe] }
  - run: { in: wbe, command: x }
  - apply-config: { in: wbe, file: a.json, set: { $.a: 1 } }
  - collect: { logs: [wbe] }
  - wait-for: { all: [{ service: wbe, state: running }] }
`
    const found = await problems(plan)
    expect(found).toEqual(
      ['2:23', '3:20', '5:34', '6:16', '7:25', '8:23', '9:34'].map(
        (at) => `${at} target "demo" has no service "wbe"; did you mean "web"?`,
      ),
    )
  })

  test('a host that is nearly one draws a warning, since it may be any address', async () => {
    expect(await problems(planOf('http: http://wbe:80/health', 'http: { get: "http://elsewhere/" }'))).toEqual([
      '3:18 no service is called "wbe"; did you mean "web"?',
    ])
  })
})

describe('ids', () => {
  test('are not services, not `all`, and each there once', async () => {
    const plan = planOf(
      'id: web\n    run: x',
      'id: all\n    run: x',
      'id: a b\n    run: x',
      'id: one\n    run: x',
      'id: one\n    run: x',
    )
    expect(await problems(plan)).toEqual([
      '3:9 "web" is a service: ids and services share one namespace',
      '5:9 "all" can\'t be an id: `restore: all` means everything',
      '7:9 "a b" can\'t be an id: letters, digits, _ and - are fine',
      '11:9 another step has the id "one"',
    ])
  })

  test('of a fragment that is used twice are still its own', async () => {
    const fragment = 'fragment: F\nsteps: [{ id: one, run: x }]\n'
    expect(await problems(planOf('use: f.yaml', 'use: f.yaml', 'id: one\n    run: x'), { 'f.yaml': fragment })).toEqual(
      [],
    )
  })
})

describe('keys that a kind can not use', () => {
  test('undo and verify are for what is undoable, expect for what reads', async () => {
    const plan = planOf(
      'restore: all\n    undo: x',
      'assert: { value: true }\n    verify: x',
      'group: [{ run: x }]\n    expect: { exit: 0 }',
    )
    const found = await problems(`${planOf('inject-fault: { pause: web }')}${plan.slice('plan: P\nsteps:\n'.length)}`)
    expect(found).toEqual([
      '5:5 "undo" can\'t stand beside restore',
      '7:5 "verify" can\'t stand beside assert',
      '9:5 group reads nothing, so "expect" can\'t stand beside it',
    ])
  })
})

describe('a protected target', () => {
  const files = { 'targets.yaml': targets.replace('    services', '    protect: true\n    services') }

  test('refuses what can not be undone, unless that is said to be meant', async () => {
    const steps = [
      'run: x',
      'run: x\n    undo: y',
      'run: x\n    undo: none',
      'http: http://web/',
      'http: { post: "http://web/" }',
    ]
    expect(await problems(planOf(...steps), files)).toEqual([
      '3:5 target "demo" is protected, and this step can\'t be undone',
      '9:5 target "demo" is protected, and this step can\'t be undone',
    ])
    expect(await problems(planOf(...steps))).toEqual([])
  })

  test('leaves last-resort alone', async () => {
    expect(await problems('plan: P\nsteps: [{ http: "http://web/" }]\nlast-resort: [{ run: x }]\n', files)).toEqual([])
  })
})

describe('fragments', () => {
  const fragment = `fragment: F
inputs:
  service: { description: Which }
  within: { type: duration, default: 30s }
steps:
  - wait-for: { service: "\${{ inputs.service }}", state: running, within: "\${{ inputs.within }}" }
  - run: x
    capture: { n: stdout }
outputs: { n: "\${{ n }}" }
`
  const check = (...steps: readonly string[]) => problems(planOf(...steps), { 'f.yaml': fragment })

  test('are given their inputs and give back their outputs', async () => {
    expect(
      await check('use: { fragment: f.yaml, with: { service: web } }\n    capture: { n: n }', 'run: "x ${{ n }}"'),
    ).toEqual([])
  })

  test('what is missing, unknown or of another type is told where it is used', async () => {
    expect(await check('use: f.yaml')).toEqual(['3:10 f.yaml needs the input "service"'])
    expect(await check('use: { fragment: f.yaml, with: { service: web, wihtin: 3s } }')).toEqual([
      '3:52 f.yaml has no input "wihtin"; did you mean "within"?',
    ])
    expect(await check('use: { fragment: f.yaml, with: { service: web, within: 3 } }')).toEqual([
      '3:60 input "within" is 3, and a duration is expected',
    ])
  })

  test('an output that is not there', async () => {
    expect(
      await check('use: { fragment: f.yaml, with: { service: web } }\n    expect: { m: 1 }\n    capture: { k: o }'),
    ).toEqual([
      '4:15 there is no field "m" here; valid here: n, json',
      '5:19 there is no field "o" here; valid here: n',
    ])
  })

  test('see only their inputs', async () => {
    const nosy =
      'fragment: F\nsteps: [{ run: "x ${{ n }} ${{ variables.v }} ${{ target.name }}" }]\noutputs: { a: "${{ b }}" }\n'
    const plan = `plan: P\nvariables: { v: 1 }\n${planOf('run: x\n    capture: { n: stdout }', 'use: f.yaml').slice(8)}`
    const found = await problems(plan, { 'f.yaml': nosy })
    expect(found.map((one) => one.replace(/;.*/, ''))).toEqual([
      'f.yaml:2:23 nothing is named "n" here',
      'f.yaml:2:42 there is no variable "v"',
      'f.yaml:3:20 nothing is named "b" here',
    ])
  })

  test('one that is not there, is none, or holds itself', async () => {
    expect(await check('use: g.yaml')).toEqual([
      expect.stringMatching(/^3:10 the fragment .*g\.yaml can't be read: there is no such file$/),
    ])
    expect(await check('use: targets.yaml')).toEqual([expect.stringMatching(/^3:10 .*targets\.yaml is no fragment$/)])
    const files = {
      'f.yaml': 'fragment: F\nsteps: [{ use: g.yaml }]\n',
      'g.yaml': 'fragment: G\nsteps: [{ use: f.yaml }]\n',
    }
    expect(await problems(planOf('use: f.yaml'), files)).toEqual(['g.yaml:2:16 f.yaml uses itself'])
  })

  test('what is wrong in several of them is told of each', async () => {
    const files = {
      'f.yaml': 'fragment: F\nsteps: [{ rnu: x }]\n',
      'sub/g.yaml': 'fragment: G\nsteps: [{ sleep: 3 }]\n',
    }
    expect(await problems(planOf('use: f.yaml', 'use: ./sub/g.yaml'), files)).toEqual([
      'f.yaml:2:11 unknown step kind "rnu"; did you mean "run"?',
      'sub/g.yaml:2:18 3 is not a duration',
    ])
  })

  test('a warning in one stops nobody', async () => {
    expect(await problems(planOf('use: f.yaml'), { 'f.yaml': 'fragment: F\nsteps: [{ sleep: 9s }]\n' })).toEqual([
      expect.stringContaining('f.yaml:2:18 a fixed pause'),
    ])
  })

  test('that use others find them beside themselves', async () => {
    const files = {
      'sub/f.yaml': 'fragment: F\nsteps: [{ use: g.yaml }]\n',
      'sub/g.yaml': `fragment: G\nsteps: [{ ${stop} }]\n`,
    }
    expect(await problems(planOf('use: sub/f.yaml', 'restore: web'), files)).toEqual([])
  })
})
