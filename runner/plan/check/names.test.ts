import { describe, expect, test } from 'bun:test'
import { planOf, problems, targets } from '../testing.ts'

/** Title → the plan, and all that is wrong with it. */
type Table = Readonly<Record<string, readonly [plan: string, ...wrong: string[]]>>

function all(table: Table): void {
  for (const [title, [plan, ...wrong]] of Object.entries(table))
    test(title, async () => expect(await problems(plan)).toEqual(wrong))
}

describe('a name that is not there', () => {
  all({
    'an input, with what was meant': [
      `plan: P\ninputs: { pool: { default: main } }\n${planOf('run: "echo ${{ inputs.pol }}"').slice(8)}`,
      '4:27 there is no input "pol"; did you mean "pool"?',
    ],
    'a variable, where there are none': [
      planOf('run: "echo ${{ variables.cli }}"'),
      '3:30 there is no variable "cli"; there are none',
    ],
    'a service, in any spelling': [
      planOf(`run: "echo \${{ services.wbe.url }} \${{ services['host-1'].url }}"`),
      '3:29 there is no service "wbe"; did you mean "web"?',
      `3:44 there is no service "host-1"; did you mean "host-0"?`,
    ],
    'a member of a service': [
      planOf('run: "echo ${{ services.web.adress }}"'),
      '3:33 services.web has no "adress"; did you mean "address"?',
    ],
    'a variable of the target': [
      planOf('run: "${{ target.variables.cil }}"'),
      '3:32 target.variables has no "cil"; did you mean "cli"?',
    ],
    'a bare name that stands below a root': [
      `plan: P\ninputs: { pool: { default: main } }\n${planOf('run: "echo ${{ pool }}"').slice(8)}`,
      '4:20 nothing is named "pool" here; did you mean "inputs.pool"?',
    ],
    'inside of CEL, once an expression': [
      planOf('assert: { value: "${{ size(a) > 1 && b }}" }'),
      '3:32 nothing is named "a" here; valid here: inputs, variables, secrets, matrix, target, services, run',
    ],
    'what a macro binds is there': [planOf('assert: { value: "${{ [1, 2].all(x, x > 0) }}" }')],
    'has() asks for what may be missing': [
      `plan: P\ninputs: { a: { required: false } }\n${planOf('if: has(inputs.a)\n    run: "true"').slice(8)}`,
    ],
    'but not for what is never there': [
      planOf('if: has(input.a)\n    run: "true"'),
      '3:13 nothing is named "input" here; did you mean "inputs"?',
    ],
    'in a key of a mapping': [
      planOf('http: { get: "http://web/", headers: { "x-${{ nope }}": a } }'),
      '3:51 nothing is named "nope" here; valid here: inputs, variables, secrets, matrix, target, services, run',
    ],
    'an index outside of rounds': [
      planOf('run: "echo ${{ index }}"'),
      '3:20 "index" is there only inside of for-each and repeat',
    ],
    'an item in a mere repeat': [
      planOf('repeat: 2\n    run: "echo ${{ index }} ${{ item }}"'),
      '4:33 "item" is there only inside of for-each and repeat',
    ],
  })

  test('in requires, baseline, variables and the conditions of steps, each at its place', async () => {
    const plan = `plan: P
variables: { a: "\${{ variables.b }}", b: "\${{ c }}" }
requires:
  - { if: "!matrx.prune", value: "\${{ d }}" }
baseline:
  - { run: "test \${{ e }}", exit: "\${{ f }}" }
steps:
  - wait-for: { all: [{ http: "http://web/\${{ g }}" }], within: "\${{ h }}" }
    name: \${{ i }}
  - inject-fault: { run: "x \${{ j }}", undo: "y \${{ k }}" }
always:
  - run: x
    undo: "z \${{ l }}"
`
    const found = await problems(plan)
    expect(found.map((one) => one.replace(/;.*/, ''))).toEqual([
      '2:47 nothing is named "c" here',
      '4:13 nothing is named "matrx" here',
      '4:39 nothing is named "d" here',
      '6:22 nothing is named "e" here',
      '6:40 nothing is named "f" here',
      '8:47 nothing is named "g" here',
      '8:70 nothing is named "h" here',
      '9:15 nothing is named "i" here',
      '10:33 nothing is named "j" here',
      '10:53 nothing is named "k" here',
      '13:18 nothing is named "l" here',
    ])
  })

  test('in targets.yaml', async () => {
    const text = targets.replace('{ cli: ./cli }', '{ cli: "${{ services.wbe.port }}", x: "${{ inputs.x }}" }')
    expect(await problems(planOf('run: "true"'), { 'targets.yaml': text })).toEqual([
      'targets.yaml:7:37 there is no service "wbe"; did you mean "web"?',
      'targets.yaml:7:66 there is no input "x"; there are none',
    ])
  })

  test('a service with a hyphen behind a dot is told to be a subtraction', async () => {
    expect(await problems(planOf('run: "echo ${{ services.host-0.port }}"'))).toEqual([
      '3:20 with a dot, "services.host-0" is a subtraction',
    ])
  })
})

describe('what is no expression', () => {
  all({
    'CEL that breaks off': [planOf('run: "echo ${{ 1 + }}"'), '3:22 not an expression: it breaks off here'],
    'a function that does not exist': [
      planOf('run: "echo ${{ upper(run.id) }}"'),
      '3:20 not an expression: there is no function upper(dyn)',
    ],
    'one that is never closed': [
      planOf('run: "echo ${{ run.id }"'),
      '3:16 not an expression: this ${{ is never closed by }}',
    ],
    'an empty one': [planOf('run: "echo ${{ }}"'), '3:20 not an expression: there is nothing between ${{ and }}'],
    'a flag without ${{ }}': [planOf('if: 1 +\n    run: "true"'), '3:11 not an expression: it breaks off here'],
    'a literal is left alone': [planOf('run: "echo $${{ nope }}"')],
  })
})

describe('timeout and continue-on-error', () => {
  all({
    'take expressions': [
      planOf('run: x\n    timeout: "${{ target.name }}"\n    continue-on-error: "${{ run.id == target.name }}"'),
    ],
    'of what is known by then': [
      planOf('run: x\n    timeout: "${{ later }}"\n    continue-on-error: "${{ 1 + }}"'),
      '4:19 nothing is named "later" here; valid here: inputs, variables, secrets, matrix, target, services, run',
      '5:31 not an expression: it breaks off here',
    ],
  })
})

describe('captures', () => {
  all({
    'are there in the steps after, nested ones and on-failure included': [
      `${planOf('run: x\n    capture: { n: stdout }', 'group: [{ run: "echo ${{ n }}" }]')}on-failure: [{ run: "echo \${{ n }}" }]\n`,
    ],
    'not before': [
      planOf('run: "echo ${{ n }}"', 'run: x\n    capture: { n: stdout }'),
      '3:20 nothing is named "n" yet',
    ],
    'nor in the step itself': [
      planOf('run: "echo ${{ n }}"\n    capture: { n: stdout }'),
      '3:20 nothing is named "n" yet',
    ],
    'of a round are a list afterwards, of a group in rounds, too': [
      planOf(
        'repeat: 2\n    group:\n      - run: x\n        capture: { n: stdout }\n      - run: "echo ${{ n }}"',
        'run: "echo ${{ n }}"',
      ),
    ],
    'may not hide a root': [
      planOf('run: x\n    capture: { inputs: stdout }'),
      '4:16 "inputs" is taken: it has a meaning in every expression',
    ],
    'may not be a word of CEL, or no name': [
      planOf('run: x\n    capture: { in: stdout, "a-b": stdout, string: stdout, 1a: stdout }'),
      '4:16 "in" is a word of expressions itself',
      '4:28 "a-b" can\'t be a name in expressions',
      '4:43 "string" is a word of expressions itself',
      '4:59 "1a" can\'t be a name in expressions',
    ],
    'may not shadow each other': [
      planOf('run: x\n    capture: { n: stdout }', 'run: x\n    capture: { n: stderr }'),
      '6:16 "n" is taken: it was captured or named before',
    ],
    'but of two steps that run only `if`, one may stand in for the other': [
      planOf(
        'if: run.id == "1"\n    run: x\n    capture: { n: stdout }',
        'if: run.id != "1"\n    run: x\n    capture: { n: stderr }',
      ),
    ],
    'take fields of the reading and $ paths': [
      planOf('http: http://web/\n    capture: { a: $.b, c: headers.x-y, d: { from: text, matches: "(a+)" } }'),
    ],
    'of what is never read are told': [
      planOf('run: x\n    capture: { a: stdot, b: "$.x[", c: { from: stdout, matches: "(" } }'),
      '4:19 there is no field "stdot" here; did you mean "stdout"?',
      '4:33 bad JSONPath: unclosed bracketed selection',
      '4:65 not a regular expression: missing closing ): `(`',
    ],
    'of a condition are those of its probe': [
      planOf('wait-for: { service: web, state: running }\n    capture: { a: started-at, b: stat }'),
      '4:34 there is no field "stat" here; did you mean "state"?',
    ],
    'can stand only beside what reads': [
      planOf('group: [{ run: x }]\n    capture: { a: b }'),
      '4:5 group reads nothing, so "capture" can\'t stand beside it',
    ],
    'take no expressions': [
      planOf('run: x\n    capture: { a: "$.x[${{ 1 }}]" }'),
      '4:19 a capture takes a field or a $ path, and no expression',
    ],
    'have defaults out of what is known by then': [
      planOf(
        'run: x\n    capture: { a: { from: stdout, default: "${{ run.id }}" }, b: { from: stdout, default: "${{ a + c }}" } }',
      ),
      '4:100 nothing is named "c" here; valid here: a, inputs, variables, secrets, matrix, target, services, run',
    ],
  })
})

describe('rounds', () => {
  all({
    'have the names of their mapping, item and index': [
      planOf('for-each: { host: [a, b] }\n    run: "echo ${{ host }} ${{ item }} ${{ index }}"'),
    ],
    'have the keys of a list of mappings': [
      planOf('for-each: [{ who: a, status: 1 }]\n    run: "echo ${{ who }} ${{ status }}"'),
    ],
    'lose them afterwards': [
      planOf('for-each: { host: [a] }\n    run: x', 'run: "echo ${{ host }}"'),
      '5:20 nothing is named "host" here; valid here: inputs, variables, secrets, matrix, target, services, run',
    ],
    'over nothing are an error': [
      planOf('for-each: { host: [] }\n    run: x'),
      '3:17 for-each over an empty list would check nothing',
    ],
    'over a scalar are an error': [
      planOf('for-each: { host: a }\n    run: x', 'for-each: a\n    run: x'),
      '3:23 for-each takes a list',
      '5:15 for-each takes a list',
    ],
    'over two names are an error': [planOf('for-each: { a: [1], b: [2] }\n    run: x'), '3:25 for-each takes one name'],
    'may not hide a name': [
      planOf(
        'run: x\n    capture: { n: stdout }',
        'for-each: { n: [1] }\n    run: x',
        'for-each: { matrix: [1] }\n    run: x',
      ),
      '5:17 "n" is taken: it was captured or named before',
      '7:17 "matrix" is taken: it has a meaning in every expression',
    ],
    'take a computed list and count': [
      'plan: P\ninputs: { l: { type: list, default: [a] }, n: { default: 2 } }\nsteps:\n  - { for-each: { x: "${{ inputs.l }}" }, repeat: "${{ inputs.n }}", run: "echo ${{ x }}" }\n',
    ],
    'of a computed list may bring names that can not be told': [
      'plan: P\ninputs: { l: { type: list, default: [a] } }\nsteps:\n  - { for-each: "${{ inputs.l }}", run: "echo ${{ who }} ${{ item }}" }\n',
    ],
    'below one are an error': [planOf('repeat: 0\n    run: x'), '3:13 0 is too small: the least is 1'],
  })
})

describe('declared names', () => {
  all({
    'are letters, digits and _, no word of CEL, and no root': [
      'plan: P\ninputs: { a-b: { default: 1 }, if: { default: 1 } }\nvariables: { 1a: x, matrix: y }\nmatrix: { x-y: [1] }\nsteps: [{ run: x }]\n',
      '2:11 "a-b" can\'t be a name in expressions',
      '2:32 "if" is a word of expressions itself',
      '3:14 "1a" can\'t be a name in expressions',
      '3:21 "matrix" is taken: it has a meaning in every expression',
      '4:11 "x-y" can\'t be a name in expressions',
    ],
    'may not be made of themselves': [
      'plan: P\nvariables: { a: "${{ variables.b }}", b: "x ${{ variables.c + 1 }}", c: "${{ variables.a }}", d: "${{ variables.a }}" }\nsteps: [{ run: x }]\n',
      '2:17 variables.a is made of itself: variables.a → variables.b → variables.c → variables.a',
      '2:42 variables.b is made of itself: variables.b → variables.c → variables.a → variables.b',
      '2:73 variables.c is made of itself: variables.c → variables.a → variables.b → variables.c',
    ],
    'may not be made of themselves by way of the target': [
      'plan: P\nvariables: { a: "${{ target.variables.b }}" }\ntarget: { name: demo, variables: { b: "${{ variables.a }}" } }\nsteps: [{ run: x }]\n',
      '2:17 variables.a is made of itself: variables.a → target.variables.b → variables.a',
      '3:39 target.variables.b is made of itself: target.variables.b → variables.a → target.variables.b',
    ],
    'stand in no expressions of what is read before there are values': [
      'plan: P\nmatrix: { a: ["${{ inputs.b }}"] }\ntags: ["${{ run.id }}"]\nsteps: [{ run: x }]\n',
      '2:15 nothing is filled in here: `matrix` takes no expressions',
      '3:8 nothing is filled in here: `tags` takes no expressions',
    ],
  })
})

test('an expression within single quotes or a heredoc of a shell text', async () => {
  const plan = planOf(`run: "echo '\${{ run.id }}'"`, 'run: |\n      cat <<EOF\n      ${{ run.id }}\n      EOF')
  expect(await problems(plan)).toEqual([
    "3:17 an expression can't stand within single quotes: the shell fills nothing in there",
    "4:10 an expression can't stand within a heredoc: its value would be read as shell text",
  ])
})

describe('an address of a service without a port', () => {
  all({
    'needs one': [planOf('http: http://db/x'), '3:18 service "db" has no port, so the address needs one'],
    'also with a query, and as a probe': [
      planOf('assert: { http: { get: "http://db?a=1" }, status: 200 }'),
      '3:36 service "db" has no port, so the address needs one',
    ],
    'and has it when it is written': [planOf('http: http://db:80/x')],
    'or declared': [planOf('http: http://web/x')],
  })
})
