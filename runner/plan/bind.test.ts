import { describe, expect, test } from 'bun:test'
import { kindsOf } from '../contracts/kinds.ts'
import {
  command,
  commands,
  duration,
  expression,
  mapping,
  optional,
  steps,
  Type,
  text,
  withCondition,
  withFault,
} from '../contracts/params.ts'
import { markPlace, placeOf } from '../contracts/source.ts'
import { bind, bindValue } from './bind.ts'
import { loadDocument } from './load.ts'

const probe = {
  name: 'run',
  summary: '',
  fields: {},
  examples: [],
  params: mapping({ command: command('what') }),
  read: async () => ({ untaken: 'never' }),
}
const fault = {
  name: 'break',
  summary: '',
  examples: [],
  params: command('what'),
  options: { undo: command('how') },
  describe: () => [],
  prepare: async () => [],
}
const kinds = kindsOf({ probes: [probe], faults: [fault as never] })
const names = { n: 3, limit: '30s', cli: ['sudo', './pithead'], key: 'b', up: true, word: 'up' }
const schema = mapping({
  within: optional(duration('')),
  name: optional(text('')),
  run: optional(command('')),
  then: optional(commands('')),
  when: optional(expression('')),
  value: optional(Type.Unsafe<unknown>({ 'x-is': 'expression' })),
  steps: optional(steps('')),
  env: optional(Type.Unsafe<object>({ type: 'object' })),
})

function read(yaml: string): Record<string, unknown> {
  return loadDocument('p.yaml', { text: yaml }).tree as Record<string, unknown>
}
const bound = (yaml: string) => bind(schema, read(yaml), names, kinds) as Record<string, unknown>

describe('params', () => {
  test('scalars and the keys of mappings are filled in', () => {
    expect(bound('within: "${{ limit }}"\nenv: { "A_${{ key }}": "${{ n }}", c: "n is ${{ n }}" }')).toEqual({
      within: '30s',
      env: { A_b: 3, c: 'n is 3' },
    })
  })

  test('a computed key that is there already, or is __proto__, is refused', () => {
    expect(() => bound('env: { b: 1, "${{ key }}": 2 }')).toThrow('the key "b" is there already')
    expect(() => bind(schema, read('env: { "${{ k }}": 1 }'), { k: '__proto__' }, kinds)).toThrow('no key')
  })

  test('the plan itself stays as it is', () => {
    const plan = read('name: "${{ word }}"')
    bind(schema, plan, names, kinds)
    expect(plan).toEqual({ name: '${{ word }}' })
  })

  test('bound copies know where they came from', () => {
    const made = bound('env: { a: { b: "${{ n }}" } }\nrun: [x, "${{ n }}"]') as { env: { a: object }; run: object }
    expect(placeOf(made.env.a)).toEqual({ file: 'p.yaml', path: ['env', 'a'] })
    expect(placeOf(made.run)).toEqual({ file: 'p.yaml', path: ['run'] })
  })

  test('nested steps stay the very same object, to be bound when each of them runs', () => {
    const plan = read('steps: [{ run: "${{ later }}" }]')
    expect((bind(schema, plan, names, kinds) as { steps: unknown }).steps).toBe(plan['steps'])
  })

  test('a flag is boolean, and a bare value keeps its type', () => {
    expect(bound('when: word == "up"\nvalue: n + 1')).toEqual({ when: true, value: 4 })
    expect(bound('when: "${{ up }}"\nvalue: "${{ word }}"')).toEqual({ when: true, value: 'up' })
    expect(() => bound('when: "${{ word }}"')).toThrow('must be true or false')
  })
})

describe('commands', () => {
  test('a list is an argv whose words are text, and a list as a value is several words', () => {
    expect(bound('run: ["${{ cli }}", apply, "${{ n }}", 5, true]')).toEqual({
      run: { argv: ['sudo', './pithead', 'apply', '3', '5', 'true'] },
    })
  })

  test('a text is a script with its values as variables', () => {
    expect(bound('run: ${{ cli }} apply "--n=${{ n }}"')).toEqual({
      run: { sh: '"$SD_1_1" "$SD_1_2" apply "--n=${SD_2}"', set: { SD_1_1: 'sudo', SD_1_2: './pithead', SD_2: '3' } },
    })
  })

  test('where several stand, each is a text or an argv', () => {
    expect(bound('then: reload')).toEqual({ then: [{ sh: 'reload' }] })
    expect(bound('then: [reload, [kill, -HUP, "${{ n }}"]]')).toEqual({
      then: [{ sh: 'reload' }, { argv: ['kill', '-HUP', '3'] }],
    })
  })

  test('those of a probe in a condition, of an undo beside a fault, and in lists of conditions', () => {
    const condition = read('all: [{ run: { command: "echo ${{ n }}" }, exit: 0 }]\nwithin: "${{ limit }}"')
    expect(bind(withCondition({ within: optional(duration('')) }), condition, names, kinds)).toEqual({
      all: [{ run: { command: { sh: 'echo "$SD_1"', set: { SD_1: '3' } } }, exit: 0 }],
      within: '30s',
    })
    expect(bind(withFault({}), read('break: [rm, "${{ n }}"]\nundo: touch ${{ n }}'), names, kinds)).toEqual({
      break: { argv: ['rm', '3'] },
      undo: { sh: 'touch "$SD_1"', set: { SD_1: '3' } },
    })
  })
})

test('an error points at the characters of the expression', () => {
  const plain = markPlace({ a: ['x ${{ nn }}'] }, { file: 'p.yaml', path: ['steps', 0] })
  expect(findingsOf(() => bindValue(plain, names))).toMatchObject([
    { message: 'nothing is named "nn" here; did you mean "n"?', place: { path: ['steps', 0, 'a', 0], span: [6, 8] } },
  ])
})

test('a scalar alone stands where it is said to', () => {
  const place = { file: 'p.yaml', path: ['steps', 0, 'repeat'] }
  expect(findingsOf(() => bindValue('${{ nn }}', names, place))).toMatchObject([{ place: { ...place, span: [4, 6] } }])
})

function findingsOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return (error as { findings: unknown }).findings
  }
}
