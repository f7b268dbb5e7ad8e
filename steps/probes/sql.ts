import { brief } from '../../runner/base/brief.ts'
import { exactJson } from '../../runner/base/exact-json.ts'
import { type Finding, messageOf } from '../../runner/contracts/errors.ts'
import { duration, mapping, oneOf, optional, service, Type, targetPath, text } from '../../runner/contracts/params.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'
import { type Place, placeAt } from '../../runner/contracts/source.ts'
import { askedQuery } from '../shared/asked.ts'
import { queryServer, type Row, type SqlParams, subjectOf } from '../shared/sql.ts'
import { type Dialect, refusedBySqlite, secondStatement } from '../shared/sql-text.ts'
import { queryFile } from '../shared/sqlite.ts'
import { timeLimit } from '../shared/time-limit.ts'

/** What a database answers to a query. */
export const sql = defineProbe({
  name: 'sql',
  summary: 'Asks PostgreSQL, MySQL or an SQLite file a query, and reads the rows.',
  params: mapping(
    {
      query: text('one statement; parameters are $1, $2 (PostgreSQL) or ? (MySQL, SQLite)'),
      values: optional(Type.Array(Type.Unknown(), { description: 'its parameters, in their order' })),
      service: optional(service('the service that is the server')),
      host: optional(text('HOST or HOST:PORT of a server that is no service')),
      file: optional(targetPath('an SQLite file')),
      in: optional(service('inside this service: where the file is')),
      kind: optional(oneOf(['postgres', 'mysql'] as const, 'what the server is (default postgres)')),
      database: optional(text('the database (default: the name of the user)')),
      user: optional(text('who asks (default postgres, or root)')),
      password: optional(text('take it from `secrets`')),
      timeout: optional(duration('how long the answer may take')),
    },
    { description: 'a query, and whom it goes to' },
  ),
  fields: {
    rows: { description: 'the rows, each a mapping of its columns', type: 'list' },
    count: { description: 'how many rows', type: 'number', least: 0 },
    json: { description: 'the rows; `$` paths look into them', type: 'any' },
  },
  examples: [
    { sql: { service: 'postgres', query: 'SELECT count(*)::int AS n FROM orders' }, expect: { '$[0].n': { gte: 1 } } },
    { sql: { file: 'data.sqlite', query: 'SELECT 1' }, count: 1 },
  ],
  *check(params, place) {
    yield* checkQuery(params as SqlParams, place)
    const given = ['service', 'host', 'file'].filter((key) => Object.hasOwn(params as object, key))
    if (given.length !== 1)
      yield {
        code: 'whom-to-ask',
        message: `\`sql\` asks one of service, host and file, and here ${given.length === 0 ? 'is none' : `are ${given.join(' and ')}`}`,
        place: { ...place, key: true },
        hint: 'write {service: postgres, query: …}',
        level: 'error',
      }
  },
  services: (params) => {
    const { service: server, in: inside } = params as SqlParams
    return [server ?? [], inside ?? []].flat()
  },
  subject: (params) => subjectOf(params as SqlParams),
  asked: (params) => askedQuery(params as SqlParams),
  read: async (params, context) => {
    const asked = params as SqlParams
    const limit = timeLimit(asked.timeout, context)
    if (secondStatement(asked.query, dialectOf(asked)) !== undefined) return { untaken: TWO }
    try {
      const rows = await (asked.file === undefined
        ? queryServer(asked, context.target, limit)
        : queryFile(asked, context.target, limit))
      return readingOf(rows)
    } catch (error) {
      return { untaken: messageOf(error) }
    }
  },
})

function readingOf(rows: readonly Row[]) {
  const says = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${rows.length > 0 ? `: ${brief(exactJson(rows[0]))}` : ''}`
  return { fields: { rows, count: rows.length, json: rows }, document: rows, says }
}

const TWO = 'the query holds a second statement, and only one is asked'

function dialectOf({ file, kind }: SqlParams): Dialect {
  return file === undefined ? (kind ?? 'postgres') : 'sqlite'
}

function* checkQuery(params: SqlParams, place: Place): Generator<Finding> {
  const { query } = params
  if (typeof query !== 'string' || query.includes('${{')) return
  const at = placeAt(place, 'query')
  const second = secondStatement(query, dialectOf(params))
  if (second !== undefined)
    yield {
      code: 'two-statements',
      message: TWO,
      place: { ...at, span: [second, query.length] },
      hint: 'ask each of them in a condition of its own',
      level: 'error',
    }
  const refused = params.file === undefined ? undefined : refusedBySqlite(query)
  if (refused)
    yield {
      code: 'not-a-query',
      message: `${refused}: an SQLite file is only read`,
      place: at,
      hint: 'change it with a command: run: sqlite3 FILE …',
      level: 'error',
    }
}
