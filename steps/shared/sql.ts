/** Asking databases: servers through the target's own way to them, SQLite by a copy of the file. */
import { after } from '../../runner/base/timer.ts'
import { CheckFailure } from '../../runner/contracts/errors.ts'
import type { Target } from '../../runner/contracts/target.ts'
import { formatDuration } from '../../runner/contracts/units.ts'

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
  await using way = await openWay(addressOf(params, kind), target, limit)
  const client = new SQL({
    adapter: kind,
    hostname: '127.0.0.1',
    port: way.port,
    username: user,
    password,
    database: params.database ?? (kind === 'mysql' ? '' : user),
    max: 1,
    connectionTimeout: Math.max(1, Math.ceil(limit / 1_000)),
  })
  const late = Promise.withResolvers<never>()
  using _timer = after(limit, () => late.reject(new Error(`no answer within ${formatDuration(limit)}`)))
  try {
    const rows = (await Promise.race([client.unsafe(query, [...values]), late.promise])) as Row[]
    return rows.map(plain)
  } catch (error) {
    throw way.trouble ?? error
  } finally {
    void client.close({ timeout: 0 }).catch(() => undefined)
  }
}

/** The file is read and opened in memory: nothing is locked or written, and what is still in its write-ahead log is not seen. */
export async function queryFile(
  { file = '', in: inside, query, values = [] }: SqlParams,
  target: Target,
): Promise<readonly Row[]> {
  const at = target.file(file, { in: inside })
  const bytes = await at.files.read(at.path)
  if (!bytes) throw new CheckFailure(`${file} is not there`)
  const { Database } = await import('bun:sqlite')
  using database = Database.deserialize(Buffer.from(bytes), { readonly: true })
  return (database.query(query).all(...(values as string[])) as Row[]).map(plain)
}

function addressOf({ service, host }: SqlParams, kind: keyof typeof PORTS): string {
  if (service !== undefined) return `${service}:${PORTS[kind]}`
  return host?.includes(':') ? host : `${host}:${PORTS[kind]}`
}

interface Way extends AsyncDisposable {
  readonly port: number
  /** Why the server could not be reached. */
  readonly trouble: Error | undefined
}

async function openWay(to: string, target: Target, limit: number): Promise<Way> {
  const { createServer } = await import('node:net')
  let trouble: Error | undefined
  const server = createServer((here) => {
    here.on('error', () => undefined)
    target.connect(to, { timeout: limit }).then(
      (there) => {
        there.on('error', () => here.destroy())
        here.on('close', () => there.destroy())
        here.pipe(there)
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
    get trouble() {
      return trouble
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

/** Plain JSON: times as ISO 8601, integers that a number can't hold as text, bytes as base64. */
function plain(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]))
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}
