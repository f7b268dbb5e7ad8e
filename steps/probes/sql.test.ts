import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  const assert = (query: string, expect = 'count: 1') =>
    run(`- assert: { sql: { file: data.sqlite, query: ${JSON.stringify(query)} }, ${expect} }`)
  test('keeps every digit of large integers', async () => {
    const exact = await assert('SELECT big FROM t WHERE id = 1', 'expect: { "$[0].big": 9007199254740993 }')
    expect(exact.code).toBe(0)
    const other = await assert('SELECT big FROM t WHERE id = 1', 'expect: { "$[0].big": 9007199254740992 }')
    expect(other.code).toBe(1)
  })
  test('never passes where two columns have one name', async () => {
    const { out, code } = await assert('SELECT 1 AS a, 2 AS a')
    expect(out).toContain('two columns are named "a": name one otherwise with AS')
    expect(code).toBe(1)
  })
  test.each([
    ['SELECT 1; DROP TABLE t', 'the query holds a second statement'],
    ['SELECT 1; -- no\n SELECT 2', 'the query holds a second statement'],
    ["ATTACH 'other.db' AS o", 'ATTACH is not a query'],
    ["VACUUM INTO 'other.db'", 'VACUUM is not a query'],
    ['/* c */ DELETE FROM t', 'DELETE is not a query'],
    ['PRAGMA user_version = 5', 'this PRAGMA would set something'],
    ['PRAGMA journal_mode(wal)', 'this PRAGMA would set something'],
  ])('refuses %s at load', async (query, why) => {
    const { err, code } = await assert(query)
    expect(err).toContain(why)
    expect(code).toBe(2)
    expect(existsSync(join(folder, 'other.db'))).toBe(false)
  })
  test('refuses them also where they are filled in', async () => {
    writeFileSync(
      join(folder, 'plan.yaml'),
      `plan: P
variables: { q: "ATTACH 'other.db' AS o", two: "SELECT 1; SELECT 2" }
steps:
  - assert: { sql: { file: data.sqlite, query: "\${{ variables.q }}" }, count: 0 }
  - assert: { sql: { file: data.sqlite, query: "\${{ variables.two }}" }, count: 1 }
`,
    )
    const { out, code } = await runCli(['plan.yaml', '--color', 'never'], { cwd: folder })
    expect(out).toContain('ATTACH is not a query')
    expect(out).toContain('the query holds a second statement')
    expect(code).toBe(1)
  })
  test.each([
    'SELECT 1;',
    'SELECT \';\' AS "a;" -- ; x',
    'PRAGMA table_info(t)',
    'WITH x AS (SELECT 1) SELECT * FROM x;\n',
  ])('asks %s', async (query) => {
    const { code } = await assert(query, 'count: { gte: 1 }')
    expect(code).toBe(0)
  })
  test('ends a query with its time limit', async () => {
    const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
    const started = performance.now()
    const { out, code } = await run(
      `- assert: { sql: { file: data.sqlite, query: "${endless}", timeout: 300ms }, count: 1 }`,
    )
    expect(out).toContain('no answer within 300ms')
    expect(code).toBe(1)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
  test('says what SQLite says of a query that is wrong, and that one is empty', async () => {
    expect((await assert('SELECT x FROM nope')).out).toContain('no such table: nope')
    expect((await assert('-- nothing')).err).toContain('the query is empty')
  })
  test('counts what is still in the write-ahead log, and leaves the file alone', async () => {
    const path = join(folder, 'wal.sqlite')
    const writer = new Database(path)
    writer.run('PRAGMA journal_mode = wal')
    writer.run('CREATE TABLE t (a)')
    writer.run('INSERT INTO t VALUES (1)')
    const before = [readFileSync(path), readFileSync(`${path}-wal`)]
    expect(before[1]?.length).toBeGreaterThan(0)
    const one = await run('- assert: { sql: { file: wal.sqlite, query: "SELECT a FROM t" }, count: 1 }')
    expect(one.code).toBe(0)
    expect([readFileSync(path), readFileSync(`${path}-wal`)]).toEqual(before)
    writer.close()
    const closed = await run('- assert: { sql: { file: wal.sqlite, query: "SELECT a FROM t" }, count: 1 }')
    expect(closed.code).toBe(0)
  })
  test('does not read a file in the middle of a transaction', async () => {
    writeFileSync(join(folder, 'data.sqlite-journal'), Buffer.from('d9d505f920a163d70000', 'hex'))
    const { out, code } = await assert('SELECT 1')
    rmSync(join(folder, 'data.sqlite-journal'))
    expect(out).toContain('it is being written: no moment of it could be read')
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
