import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../runner/commands/testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-sql-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const database = new Database(join(folder, 'data.sqlite'))
database.run('CREATE TABLE t (id INTEGER, name TEXT, big INTEGER)')
database.run("INSERT INTO t VALUES (1, 'a', 9007199254740993), (2, NULL, 5)")
database.close()
writeFileSync(join(folder, 'targets.yaml'), 'targets: { here: { runtime: process } }\n')

describe('sql', () => {
  test('reads rows of an SQLite file, and takes parameters', async () => {
    const { out, code } = await run(
      '- assert: { sql: { file: data.sqlite, query: "SELECT * FROM t ORDER BY id" }, count: 2, expect: { "$[0].name": a, "$[1].name": null, "$[1].big": 5 } }',
      '- assert: { sql: { file: data.sqlite, query: "SELECT id FROM t WHERE id = ?", values: [2] }, expect: { "$[*].id": [2] } }',
    )
    expect(out).toContain('1 passed')
    expect(code).toBe(0)
  })
  test('tells what is wrong with a query, and never passes on it', async () => {
    const { out, code } = await run('- assert: { sql: { file: data.sqlite, query: "SELECT nope FROM t" }, count: 0 }')
    expect(out).toContain('no such column: nope')
    expect(code).toBe(1)
  })
  test('a server that does not answer could not be read', async () => {
    const { out, code } = await run(
      '- assert: { sql: { host: "127.0.0.1:1", query: "SELECT 1", timeout: 2s }, count: 1 }',
    )
    expect(out).toContain('could not be read')
    expect(out).toContain('refused by 127.0.0.1:1')
    expect(code).toBe(1)
  })
  test('asks one database and not two', async () => {
    const { err, code } = await run('- assert: { sql: { host: a, file: b, query: "SELECT 1" }, count: 1 }')
    expect(err).toContain('asks one of service, host and file')
    expect(code).toBe(2)
  })
})

function run(...steps: readonly string[]) {
  writeFileSync(join(folder, 'plan.yaml'), `plan: P\nsteps:\n${steps.map((step) => `  ${step}\n`).join('')}`)
  return runCli(['plan.yaml', '--color', 'never'], { cwd: folder })
}
