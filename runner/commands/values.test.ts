/** Values on their way through a plan: every digit and every spelling arrives, and values that are not text are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-values-'))
/** Tells what it was sent; /big and /nulls answer with what readers of JSON get wrong. */
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })

async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  if (pathname === '/big')
    return new Response('{"id": 9007199254740993, "u": 18446744073709551615, "dec": 1.10, "list": [9007199254740993]}')
  if (pathname === '/nulls') return new Response('{"a": null}')
  return Response.json({ path: pathname + search, version: request.headers.get('x-v'), body: await request.text() })
}

beforeAll(() => {
  writeFileSync(
    join(folder, 'targets.yaml'),
    'targets:\n  here:\n    environment: { TENV: 1.10 }\n    variables: { mode: 0777, big: 12345678901234567890 }\n',
  )
  writeFileSync(join(folder, 'rows.yaml'), '- 1.0\n- 9007199254740993\n')
  writeFileSync(join(folder, 'inputs.yaml'), 'n: 9007199254740993\nrelease: 3.10\n')
  writeFileSync(
    join(folder, 'fragment.yaml'),
    'fragment: F\ninputs: { v: {}, usual: { default: 2.50 }, text: { type: text, default: 1.0 } }\nsteps:\n' +
      '  - { run: "echo ${{ inputs.v }} ${{ inputs.usual }} ${{ inputs.text }}", expect: { stdout: "1.10 2.50 1.0" } }\n' +
      'outputs: { given: "${{ inputs.v }}" }\n',
  )
})
afterAll(async () => {
  await server.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

let count = 0

async function runPlan(body: string, ...flags: string[]) {
  const file = join(folder, `p${++count}.yaml`)
  writeFileSync(file, `plan: P\ntarget: here\n${body.replaceAll('HOST', `127.0.0.1:${server.port}`)}`)
  return await runCli(['run', file, '--color', 'never', ...flags], { cwd: folder })
}

async function passes(body: string, ...flags: string[]) {
  const { code, out, err } = await runPlan(body, ...flags)
  expect(code === 0 ? '' : `${out}${err}`).toBe('')
  return out
}

const VARIABLES = `variables:
  release: 3.10
  phone: +491234567890123456789
  list: [1.0, 2.50]
  map: { mode: 0777 }
  odd: [0x1F, True, 1e3, .5, 1_000]
  alias: "\${{ variables.release }}"
`

const kept: Readonly<Record<string, string>> = {
  'edits of files': `${VARIABLES}steps:
  - run: |
      echo A=1 >c.env; echo '{"a":1}' >c.json; echo 'a: 1' >c.yaml
  - { apply-config: { file: c.env, set: { $.A: 1.10, $.B: True, $.C: 12345678901234567890, $.D: "\${{ variables.release }}" } } }
  - { run: cat c.env, expect: { stdout: "A=1.10\\nB=True\\nC=12345678901234567890\\nD=3.10" } }
  - { apply-config: { file: c.json, set: { $.a: 9007199254740993, $.b: "\${{ variables.release }}", $.c: [1.0] } } }
  - { run: cat c.json, expect: { stdout: '{"a":9007199254740993,"b":3.10,"c":[1.0]}' } }
  - { apply-config: { file: c.yaml, set: { $.a: 1.10, $.b: [0777, 9007199254740993], $.c: { d: 1e3 } } } }
  - { run: cat c.yaml, expect: { stdout: "a: 1.10\\nb:\\n  - 0777\\n  - 9007199254740993\\nc:\\n  d: 1e3" } }
  - { assert: { file: c.yaml, exists: true }, capture: { v: $.a } }
  - { run: "echo \${{ v }}", expect: { stdout: "1.10" } }
  - { inject-fault: { file: c.yaml, mode: 0o400 } }
  - { assert: { file: c.yaml, mode: 0400 } }
  - restore: all
`,
  'variables in a command': `${VARIABLES}steps:
  - run: echo \${{ variables.release }} "\${{ variables.phone }}" \${{ variables.list }} \${{ variables.map.mode }} \${{ variables.alias }}
    expect: { stdout: "3.10 +491234567890123456789 1.0 2.50 0777 3.10" }
  - run: echo \${{ variables.odd }} \${{ target.variables.mode }} \${{ target.variables.big }}
    expect: { stdout: "0x1F True 1e3 .5 1_000 0777 12345678901234567890" }
  - run: 'echo \${{ run.id == "" ? 1 : variables.release }} \${{ "v" + variables.release }} \${{ variables.list[0] }}'
    expect: { stdout: "3.10 v3.10 1.0" }
`,
  'env, argv and stdin': `${VARIABLES}steps:
  - run: { command: 'echo "$A $B $TENV"', env: { A: 1.0, B: "\${{ variables.release }}" } }
    expect: { stdout: "1.0 3.10 1.10" }
  - { run: [echo, 1.10, 12345678901234567890, 0x1F, True], expect: { stdout: "1.10 12345678901234567890 0x1F True" } }
  - { run: { command: cat, stdin: "\${{ variables.release }}" }, expect: { stdout: 3.10 } }
`,
  'URL, headers, query, form and bodies': `${VARIABLES}steps:
  - http:
      get: "http://HOST/\${{ variables.release }}"
      headers: { X-V: 1.0 }
      query: { q: 1e3, big: 12345678901234567890 }
    expect: { $.path: "/3.10?q=1e3&big=12345678901234567890", $.version: "1.0" }
  - { http: { post: "http://HOST/", form: { a: 0777, b: True } }, expect: { $.body: "a=0777&b=True" } }
  - { http: { post: "http://HOST/", body: "\${{ variables.release }}" }, expect: { $.body: "3.10" } }
  - http: { post: "http://HOST/", json: { a: 12345678901234567890, b: 3.10, c: "\${{ variables.release }}", d: 0x1F } }
    expect: { $.body: '{"a":12345678901234567890,"b":3.10,"c":3.10,"d":31}' }
`,
  'captures of large integers': `steps:
  - { http: "http://HOST/big", capture: { id: $.id, ids: $.list, u: $.u }, expect: { $.u: 18446744073709551615 } }
  - { assert: { value: "ids \${{ ids }}", is: "ids [9007199254740993]" } }
  - { run: 'echo \${{ id + 1 }} \${{ u }}', expect: { stdout: "9007199254740994 18446744073709551615" } }
`,
  'rounds, fragments and defaults of captures': `steps:
  - { for-each: { v: [1.0, 9007199254740993] }, run: 'echo \${{ v }}', capture: { said: stdout } }
  - { assert: { value: "\${{ said }}", is: ["1.0", "9007199254740993"] } }
  - { for-each: [{ a: 1.0 }], run: 'echo \${{ a }} \${{ item.a }}', expect: { stdout: "1.0 1.0" } }
  - { use: { fragment: fragment.yaml, with: { v: 1.10 } }, capture: { given: given } }
  - { run: "echo a", capture: { usual: { from: stdout, matches: z, default: 1.50 } } }
  - { run: "echo \${{ given }} \${{ usual }}", expect: { stdout: "1.10 1.50" } }
`,
  'what is expected of a text': `steps:
  - { run: "echo 1.10", expect: { stdout: { equals: 1.10, not: 1.1, one-of: [1.10], contains: 1.1, gt: 1, length: 4 } } }
  - { run: "echo True", expect: { stdout: True } }
  - { run: 'echo ''{"v": "1.1.5"}''', expect: { $.v: { contains: 1.1, not: { contains: 1.10 }, starts-with: 1.1 } } }
  - { run: "echo 0777", expect: { stdout: { not: { one-of: [777, 0o777] }, starts-with: 07, matches: "^0" } } }
`,
}

describe('a scalar keeps its spelling and every digit', () => {
  for (const [title, body] of Object.entries(kept)) test(title, async () => void (await passes(body)))

  test('inputs of the command line and of a file', async () => {
    const body = `inputs: { n: { type: number, default: 1 }, release: { type: text, default: 1.0 } }
steps:
  - { assert: { value: "\${{ inputs.n }}", is: 9007199254740993 } }
  - { run: "echo \${{ inputs.n }} \${{ inputs.release }}", expect: { stdout: "9007199254740993 3.10" } }
`
    await passes(body, '--input', 'n=9007199254740993', '--input', 'release=3.10')
    await passes(body, '--input', '@inputs.yaml')
  })

  test('a matrix of versions and of a file, in titles, too', async () => {
    const out =
      await passes(`matrix: { python: [3.1, 3.10], row: { from: rows.yaml }, cover: pairs, exclude: [{ python: 3.1, row: 1.0 }] }
steps: [{ run: "echo \${{ matrix.python }} \${{ matrix.row }}", capture: { a: stdout }, name: "on \${{ matrix.python }}" }]
`)
    expect(out.match(/P \[.*?\]/g)?.slice(0, 3)).toEqual([
      'P [python=3.1, row=9007199254740993]',
      'P [python=3.10, row=1.0]',
      'P [python=3.10, row=9007199254740993]',
    ])
    expect(out).toContain('on 3.10')
  })
})

const NULLS = '{ http: "http://HOST/nulls", capture: { a: $.a } }'
const ROUNDS = '{ for-each: [1, 2], run: "echo a", capture: { o: stdout } }'

const refused: Readonly<Record<string, readonly [body: string, at: string, message: string]>> = {
  'null in a command': [`steps:\n  - ${NULLS}\n  - run: echo \${{ a }}\n`, '5:15', 'a is null, and text is wanted'],
  'null in a word of an argv': [`steps:\n  - ${NULLS}\n  - run: [echo, "\${{ a }}"]\n`, '5:18', 'a is null'],
  'null in a URL': [`steps:\n  - ${NULLS}\n  - http: http://HOST/\${{ a }}\n`, '5:', 'a is null'],
  'null in a header': [
    `steps:\n  - ${NULLS}\n  - http: { get: "http://HOST/", headers: { X: "\${{ a }}" } }\n`,
    '5:',
    'a is null',
  ],
  'null in the environment': [
    `variables: { x: ~ }\nsteps:\n  - run: { command: env, env: { X: "\${{ variables.x }}" } }\n`,
    '5:',
    'variables.x is null',
  ],
  'null in a .env file': [
    `steps:\n  - ${NULLS}\n  - apply-config: { file: n.env, set: { $.A: "\${{ a }}" } }\n`,
    '5:',
    '$.A is null, and a .env file holds text',
  ],
  'a number where a duration is wanted': [
    `inputs: { n: { default: 30 } }\nsteps:\n  - sleep: "\${{ inputs.n }}"\n`,
    '5:12',
    'did you mean 30s?',
  ],
  'null joined to a text': [`steps:\n  - ${NULLS}\n  - run: 'echo \${{ "x" + a }}'\n`, '5:', 'null has no text'],
  'a list of rounds in a text': [
    `steps:\n  - ${ROUNDS}\n  - run: echo "\${{ o }}"\n`,
    '5:16',
    'o is a list: it was captured',
  ],
  'a list of rounds as a header': [
    `steps:\n  - ${ROUNDS}\n  - http: { get: "http://HOST/", headers: { X: "\${{ o }}" } }\n`,
    '5:',
    'o is a list: it was captured',
  ],
  'what is not an integer in $(( ))': [
    `steps:\n  - { run: "echo 'a[0]'", capture: { o: stdout } }\n  - run: echo $((\${{ o }} + 1))\n`,
    '5:18',
    'must be a whole number',
  ],
  'an expression in a bash string': [`steps:\n  - run: echo $'\${{ run.id }}'\n`, '4:17', "within $'…'"],
  'a NUL': [`steps:\n  - run: [echo, "a\\0b"]\n`, '4:18', 'NUL'],
  'rounds without an end': [`steps:\n  - { repeat: 99999999999, run: "true" }\n`, '4:15', 'the most are 1,000,000'],
}

describe('a value that does not fit its place is refused where it stands', () => {
  for (const [title, [body, at, message]] of Object.entries(refused))
    test(title, async () => {
      const { code, out, err } = await runPlan(body)
      expect(`${out}${err}`).toContain(message)
      expect(`${out}${err}`).toContain(`p${count}.yaml:${at}`)
      expect([1, 2]).toContain(code)
    })
})
