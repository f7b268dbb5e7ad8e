/** A file holds one YAML document: text after another `---` or `...` is always reported. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-documents-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
const TARGETS = 'targets:\n  here: { runtime: process }\n'
const run = async (...args: string[]) => {
  const { out, err, code } = await runCli(['run', ...args], { cwd: folder })
  return { code, said: out + err }
}

describe('a second document is refused, and nothing is run', () => {
  test('in a plan (w01)', async () => {
    write('targets.yaml', TARGETS)
    write(
      'w01.yaml',
      'plan: w01\ntarget: here\nsteps:\n  - run: "true"\n---\nplan: never run\ntarget: here\nsteps:\n  - run: "false"\n',
    )
    const { code, said } = await run('w01.yaml')
    expect(said).toContain('w01.yaml:5:1: a second document begins here')
    expect(said).toContain('nothing was run')
    expect(code).toBe(2)
  })
  test('in a targets file', async () => {
    write('targets.yaml', `${TARGETS}...\ntargets:\n  there: { runtime: process }\n`)
    write('plan.yaml', 'plan: P\nsteps:\n  - run: "true"\n')
    const { code, said } = await run('plan.yaml')
    expect(said).toContain('targets.yaml:3:1: a second document begins here')
    expect(code).toBe(2)
  })
  test('in a fragment', async () => {
    write('targets.yaml', TARGETS)
    write('fragment.yaml', 'fragment: F\nsteps:\n  - run: "true"\n--- # more\nfragment: G\n')
    write('plan.yaml', 'plan: P\nsteps:\n  - use: ./fragment.yaml\n')
    const { code, said } = await run('plan.yaml')
    expect(said).toContain('fragment.yaml:4:1: a second document begins here')
    expect(code).toBe(2)
  })
  test('in a file of inputs', async () => {
    write('targets.yaml', TARGETS)
    write('inputs.yaml', 'who: me\n---\nwho: you\n')
    write('plan.yaml', 'plan: P\ninputs: { who: {} }\nsteps:\n  - run: "true"\n')
    const { code, said } = await run('plan.yaml', '--input', '@inputs.yaml')
    expect(said).toContain('--input @inputs.yaml: line 2, column 1: a second document begins here')
    expect(code).toBe(2)
  })
  test('in a file of rows', async () => {
    write('targets.yaml', TARGETS)
    write('rows.yaml', '- 1\n...\n- 2\n')
    write('plan.yaml', 'plan: P\nmatrix: { x: { from: rows.yaml } }\nsteps:\n  - run: "true"\n')
    const { code, said } = await run('plan.yaml')
    expect(said).toContain('plan.yaml:2:22')
    expect(said).toContain('line 2, column 1: a second document begins here')
    expect(code).toBe(2)
  })
  test('but an empty one is not a document', async () => {
    write('targets.yaml', `---\n${TARGETS}---\n# nothing more\n`)
    write('plan.yaml', 'plan: P\nsteps:\n  - run: "true"\n---\n...\n')
    const { code, said } = await run('plan.yaml')
    expect(said).toContain('1 passed')
    expect(code).toBe(0)
  })
})

test('a file of several documents that is read has no document, and nothing holds of it', async () => {
  write('targets.yaml', TARGETS)
  write('data.yaml', 'a: 1\n---\nb: 2\n')
  for (const expected of ['$.a: 1', '$.b: { absent: true }', '$.a: { not: 2 }']) {
    write('plan.yaml', `plan: P\nsteps:\n  - assert: { file: data.yaml, expect: { ${expected} } }\n`)
    const { code, said } = await run('plan.yaml')
    expect(said).toContain('not YAML: line 2, column 1: a second document begins here')
    expect(code).toBe(1)
  }
})
