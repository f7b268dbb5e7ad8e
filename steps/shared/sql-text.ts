/** Facts about a query that its text shows. */

export type Dialect = 'sqlite' | 'postgres' | 'mysql'

const PLAIN_TEXT = "'(?:[^']|'')*'"
const ESCAPED_TEXT = "'(?:[^'\\\\]|\\\\[\\s\\S]|'')*'"
const COMMON = ['"(?:[^"]|"")*"', '--[^\\n]*', '/\\*[\\s\\S]*?\\*/']

/** The places where a semicolon does not end a statement. */
const PASSED: Readonly<Record<Dialect, string>> = {
  sqlite: [PLAIN_TEXT, ...COMMON, '`[^`]*`', '\\[[^\\]]*\\]'].join('|'),
  postgres: [`\\b[eE]${ESCAPED_TEXT}`, PLAIN_TEXT, ...COMMON, '\\$(\\w*)\\$[\\s\\S]*?\\$\\1\\$'].join('|'),
  mysql: [ESCAPED_TEXT, ...COMMON, '`[^`]*`', '#[^\\n]*'].join('|'),
}

/** Offset of a second statement: a driver would pass over it, or its rows would be mixed in. */
export function secondStatement(query: string, dialect: Dialect): number | undefined {
  let ended = false
  for (const { 0: token, index } of query.matchAll(new RegExp(`${PASSED[dialect]}|\\s+|[\\s\\S]`, 'g'))) {
    if (/^(\s|--|\/\*|#(?=.))/.test(token)) continue
    if (token === ';') ended = true
    else if (ended) return index
  }
  return undefined
}

/** Pragmas that only read, though they take an argument. */
const READING_PRAGMAS =
  /^pragma\s+(\w+\.)?(table_info|table_xinfo|table_list|index_list|index_info|index_xinfo|foreign_key_list|foreign_key_check|integrity_check|quick_check)\b/i

/** Why an SQLite file is not asked this: it is read as a copy, which no statement can change or leave. */
export function refusedBySqlite(query: string): string | undefined {
  const plain = query.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').trim()
  const word = /^\w+/.exec(plain)?.[0]?.toUpperCase()
  if (word === 'PRAGMA')
    return /[=(]/.test(plain) && !READING_PRAGMAS.test(plain) ? 'this PRAGMA would set something' : undefined
  if (word && ['SELECT', 'WITH', 'VALUES', 'EXPLAIN'].includes(word)) return undefined
  return word ? `${word} is not a query` : 'the query is empty'
}

/** A duplicate column would be lost: a row is a mapping. */
export function columnTwice(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}
