/** Against a real PostgreSQL of this machine, as a user of its own, on loopback. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeContext, fakeTarget } from '../probes/fake-target.ts'
import { sql } from '../probes/sql.ts'

const lib = '/usr/lib/postgresql'
const version = existsSync(lib) ? readdirSync(lib).sort().at(-1) : undefined
const canRun = version !== undefined && process.getuid?.() === 0
if (!canRun) console.warn('PostgreSQL is not installed, or this is not root: it is not asked')

describe.if(canRun)('PostgreSQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sd-postgres-'))
  const command = (words: string) =>
    Bun.spawnSync(['su', 'postgres', '-c', `${lib}/${version}/bin/${words}`], { stdout: 'ignore', stderr: 'ignore' })
  let port = 0
  beforeAll(async () => {
    Bun.spawnSync(['chown', 'postgres', folder])
    port = await freePort()
    command(`initdb -D ${folder}/data -A trust`)
    command(`pg_ctl -D ${folder}/data -w -l ${folder}/log -o '-p ${port} -k ${folder} -h 127.0.0.1' start`)
  }, 60_000)
  afterAll(() => {
    command(`pg_ctl -D ${folder}/data -m immediate -w stop`)
    rmSync(folder, { recursive: true, force: true })
  })
  const ask = (query: string, values: readonly unknown[] = []) =>
    sql.read({ host: `127.0.0.1:${port}`, query, values } as never, fakeContext(fakeTarget(folder)))

  test('gives plain values with every digit', async () => {
    const taken = await ask(
      "SELECT 9007199254740993::bigint AS big, 5::bigint AS small, 1.10::numeric AS n, 'nan'::float8 AS f, '\\x6869'::bytea AS b, '2026-01-01'::date AS d, ARRAY[1, 2] AS a",
    )
    expect(taken.fields?.['rows']).toEqual([
      { big: 9007199254740993n, small: 5, n: '1.10', f: 'NaN', b: 'aGk=', d: '2026-01-01T00:00:00.000Z', a: [1, 2] },
    ])
  })
  test('is not read where two columns have one name, with parameters or without', async () => {
    const why = { untaken: 'two columns are named "a": name one otherwise with AS' }
    expect(await ask('SELECT 1 AS a, 2 AS a')).toEqual(why)
    expect(await ask('SELECT $1::int AS a, 2 AS a', [1])).toEqual(why)
    expect(await ask('SELECT 1 AS a, 2 AS a WHERE false')).toEqual(why)
  })
  test('is asked one statement', async () => {
    expect(await ask('SELECT 1 AS a; SELECT 2 AS b')).toMatchObject({
      untaken: expect.stringContaining('second statement'),
    })
    expect((await ask('SELECT 1 AS a;')).fields?.['count']).toBe(1)
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
