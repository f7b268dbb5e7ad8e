import { expect, test } from 'bun:test'
import { type Dialect, secondStatement } from './sql-text.ts'

const cases: readonly [dialect: Dialect, query: string, second: string | undefined][] = [
  ['sqlite', 'SELECT 1', undefined],
  ['sqlite', 'SELECT 1 ; \n-- end ; x\n/* ; */;', undefined],
  ['sqlite', "SELECT 'it''s; x', [a;b], `c;d`", undefined],
  ['sqlite', "SELECT 'a\\'; SELECT 2", 'SELECT 2'],
  ['postgres', "SELECT $$a;b$$, $x$;$$;$x$, E'a\\';b'", undefined],
  ['postgres', "SELECT 'a\\'; SELECT 2", 'SELECT 2'],
  ['postgres', "SELECT E'a\\''; SELECT 2", 'SELECT 2'],
  ['mysql', "SELECT 'a\\';b' # ; x", undefined],
  ['mysql', 'SELECT 1; SELECT 2', 'SELECT 2'],
]
for (const [dialect, query, second] of cases)
  test(`${dialect}: ${query}`, () => {
    const at = secondStatement(query, dialect)
    expect(at === undefined ? undefined : query.slice(at)).toBe(second as string)
  })
