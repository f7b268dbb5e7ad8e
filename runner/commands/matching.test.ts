/** Matchers that cannot give an answer, through the command line: none of these checks may pass. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-matching-'))
const BODIES: Readonly<Record<string, string>> = {
  '/books': '{"items":[{"id":1,"tag":["a"],"price":5}],"total":3}',
  '/nulls': '{"a":null,"b":false,"c":0,"d":"","e":[],"f":{},"s":"1"}',
}
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(BODIES[request.url ?? ''] ?? '{}')
})
let base = ''
beforeAll(async () => {
  writeFileSync(join(folder, 'targets.yaml'), 'targets: { here: { runtime: process } }\n')
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const A_MILLION = "head -c 3000000 /dev/zero | tr '\\0' a; echo ERROR"

/** A step, and the words of its failure. */
const failing: readonly [step: string, words: string][] = [
  [`assert: { run: ${JSON.stringify(A_MILLION)}, stdout: { not: { matches: "(?:a|b)*ERROR" } } }`, 'not text matching'],
  [`none: [{ run: ${JSON.stringify(A_MILLION)}, stdout: { matches: "(a*)*ERROR" } }]`, 'not to hold'],
  ['http: BASE/books, expect: { "$.itemz[*].id": { not: { any: 1 } } }', 'over an empty list nothing holds'],
  ['http: BASE/nulls, expect: { $.d: { not: { gt: 100 } } }', 'not a number'],
  ['http: BASE/nulls, expect: { $.a: { not: { matches: error } } }', 'null is not text'],
  ['http: BASE/books, expect: { $.items: { not: { matches: price } } }', 'a list is not text'],
  ['http: BASE/nulls, expect: { $.f: { not: { contains: x } } }', 'a mapping contains members'],
  ['http: BASE/nulls, expect: { $.zz: { not: { schema: { type: string } } } }', 'absent'],
  ['none: [{ http: BASE/nulls, expect: { $.zz: { gt: 5 } } }]', 'absent'],
  ['none: [{ all: [{ http: BASE/nulls, expect: { $.zz: 5 } }] }]', 'absent'],
  ['http: BASE/nulls, expect: { $.c: { not: { length: 3 } } }', 'has no length'],
  ['http: BASE/nulls, expect: { $.b: { not: { between: [1, 2] } } }', 'not a number'],
  ['http: BASE/nulls, expect: { $.s: { schema: { type: string, format: uuid } } }', 'must match format'],
  ['http: BASE/books, expect: { $.items: { schema: { prefixItems: [{ type: string }] } } }', 'must be string'],
  ['run: "printf \'1\\\\302\\\\240000\'", stdout: "1 000"', 'actual a no-break space (U+00A0)'],
]

describe('a check that cannot be carried out', () => {
  for (const [step, words] of failing)
    test(`fails: ${step}`, async () => {
      const said = step.startsWith('assert:') ? step : `assert: { ${step.replace(/BASE(\/\w+)/g, `"${base}$1"`)} }`
      writeFileSync(join(folder, 'plan.yaml'), `plan: P\ntarget: here\nsteps:\n  - ${said}\n`)
      const { out, err, code } = await runCli(['plan.yaml', '--color', 'never'], { cwd: folder })
      expect(`${out}${err}`).toContain(words)
      expect(code).toBe(1)
    })
  test('is an error at load where its schema has a word that is not understood', async () => {
    writeFileSync(
      join(folder, 'plan.yaml'),
      `plan: P\ntarget: here\nsteps:\n  - assert: { http: "${base}/books", expect: { $: { schema: { requierd: [nope] } } } }\n`,
    )
    const { err, code } = await runCli(['lint', 'plan.yaml', '--color', 'never'], { cwd: folder })
    expect(err).toContain('unknown keyword: "requierd"')
    expect(code).toBe(2)
  })
})
