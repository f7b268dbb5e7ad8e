/** The process that asks an SQLite file: a query can't be stopped from within. Takes and gives serialized values. */
import { Database } from 'bun:sqlite'
import { deserialize, serialize } from 'node:v8'

export interface Question {
  readonly database: Uint8Array
  readonly query: string
  readonly values: readonly unknown[]
}

export type Answer =
  | { readonly names: readonly string[]; readonly rows: readonly unknown[][] }
  | { readonly error: string }

if (import.meta.main) {
  const asked = deserialize(Buffer.from(await Bun.stdin.arrayBuffer())) as Question
  await Bun.write(Bun.stdout, serialize(answerTo(asked)))
}

function answerTo({ database, query, values }: Question): Answer {
  try {
    using open = Database.deserialize(Buffer.from(database), { readonly: true })
    const statement = open.query(query).safeIntegers(true)
    const rows = statement.values(...(values as string[])) as unknown[][]
    return { names: statement.columnNames, rows }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
