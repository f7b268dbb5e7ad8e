/** Asking database servers, through the target's own way to them. */

import { plainValue } from '../../runner/base/plain.ts'
import { after } from '../../runner/base/timer.ts'
import { CheckFailure } from '../../runner/contracts/errors.ts'
import type { Target } from '../../runner/contracts/target.ts'
import { formatDuration } from '../../runner/contracts/units.ts'
import { PostgresColumns } from './postgres-columns.ts'
import { columnTwice } from './sql-text.ts'

export interface SqlParams {
  readonly query: string
  readonly values?: readonly unknown[]
  readonly service?: string
  readonly host?: string
  readonly file?: string
  readonly in?: string
  readonly kind?: 'postgres' | 'mysql'
  readonly database?: string
  readonly user?: string
  readonly password?: string
  readonly timeout?: string
}

export type Row = Readonly<Record<string, unknown>>

const PORTS = { postgres: 5432, mysql: 3306 } as const

export function subjectOf({ service, host, file, query }: SqlParams): string {
  return `${service ?? host ?? file}: ${query.split('\n')[0]}`
}

/** The driver connects to a port of this machine, behind which is the way that the target has to the server. */
export async function queryServer(params: SqlParams, target: Target, limit: number): Promise<readonly Row[]> {
  const { kind = 'postgres', user = kind === 'mysql' ? 'root' : 'postgres', password = '', query, values = [] } = params
  const { SQL } = await import('bun')
  await using way = await openWay(addressOf(params, kind), target, limit, kind)
  const client = new SQL({
    adapter: kind,
    hostname: '127.0.0.1',
    port: way.port,
    username: user,
    password,
    database: params.database ?? (kind === 'mysql' ? '' : user),
    max: 1,
    bigint: true,
    connectionTimeout: Math.max(1, Math.ceil(limit / 1_000)),
  })
  const late = Promise.withResolvers<never>()
  using _timer = after(limit, () => late.reject(new Error(`no answer within ${formatDuration(limit)}`)))
  try {
    const rows = (await Promise.race([client.unsafe(query, [...values]), late.promise])) as Row[]
    const twice = columnTwice(way.columns.names)
    if (twice !== undefined) throw new CheckFailure(`two columns are named "${twice}": name one otherwise with AS`)
    return plainValue([...rows]) as Row[]
  } catch (error) {
    throw way.trouble ?? error
  } finally {
    void client.close({ timeout: 0 }).catch(() => undefined)
  }
}

function addressOf({ service, host }: SqlParams, kind: keyof typeof PORTS): string {
  if (service !== undefined) return `${service}:${PORTS[kind]}`
  return host?.includes(':') ? host : `${host}:${PORTS[kind]}`
}

interface Way extends AsyncDisposable {
  readonly port: number
  /** Why the server could not be reached. */
  readonly trouble: Error | undefined
  readonly columns: PostgresColumns
}

async function openWay(to: string, target: Target, limit: number, kind: keyof typeof PORTS): Promise<Way> {
  const columns = new PostgresColumns()
  const { createServer } = await import('node:net')
  let trouble: Error | undefined
  const server = createServer((here) => {
    here.on('error', () => undefined)
    target.connect(to, { timeout: limit }).then(
      (there) => {
        there.on('error', () => here.destroy())
        here.on('close', () => there.destroy())
        here.pipe(there)
        if (kind === 'postgres') there.on('data', (chunk: Uint8Array) => columns.feed(chunk))
        there.pipe(here)
      },
      (error: Error) => {
        trouble = error
        here.destroy()
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    columns,
    get trouble() {
      return trouble
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}
