/** Asking an SQLite file: by a copy of it, so that nothing is locked or written where it lies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainValue } from '../../runner/base/plain.ts'
import { CheckFailure, TargetError } from '../../runner/contracts/errors.ts'
import type { Target } from '../../runner/contracts/target.ts'
import type { Files } from '../../runner/contracts/transport.ts'
import type { Row, SqlParams } from './sql.ts'
import { columnTwice, refusedBySqlite } from './sql-text.ts'

/** How often a file that is written meanwhile is read again. */
const TRIES = 5
/** The first bytes of a journal that a transaction is still to be rolled back with. */
const HOT = Buffer.from('d9d505f920a163d7', 'hex')

interface Copy {
  readonly bytes: Uint8Array
  /** Its write-ahead log, with what was not yet written to the file. */
  readonly log: Uint8Array | undefined
}

export async function queryFile(
  { file = '', in: inside, query, values = [] }: SqlParams,
  target: Target,
  timeout: number,
): Promise<readonly Row[]> {
  const refused = refusedBySqlite(query)
  if (refused) throw new CheckFailure(`${refused}: an SQLite file is only read`)
  const at = target.file(file, { in: inside })
  const copy = await copyOf(at.files, at.path, timeout)
  if (!copy) throw new CheckFailure(`${file} is not there`)
  using database = await openCopy(copy)
  const statement = database.query(query).safeIntegers(true)
  const rows = statement.values(...(values as string[])) as unknown[][]
  const names = statement.columnNames
  const twice = columnTwice(names)
  if (twice !== undefined) throw new CheckFailure(`two columns are named "${twice}": name one otherwise with AS`)
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, plainValue(row[index])])))
}

/**
 * One moment of a file that somebody may be writing. With a write-ahead log the pages of the log count, whatever a checkpoint
 * does to the file meanwhile, as long as the log stays the same. Without one, the header counts the changes.
 */
async function copyOf(files: Files, path: string, timeout: number): Promise<Copy | undefined> {
  for (let tried = 0; tried < TRIES; tried++) {
    const log = await files.read(`${path}-wal`, { timeout })
    const bytes = await files.read(path, { timeout })
    if (!bytes) return undefined
    const journal = await files.read(`${path}-journal`, { most: HOT.length })
    const isHot = journal !== undefined && HOT.equals(journal)
    const again = await files.read(path, { most: 100 })
    const isSame = same(log, await files.read(`${path}-wal`, { timeout })) && same(again, bytes.subarray(0, 100))
    if (isSame && !isHot) return { bytes, log: log?.length ? log : undefined }
  }
  throw new TargetError('it is being written: no moment of it could be read', { transient: true })
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return Buffer.from(one ?? []).equals(Buffer.from(other ?? []))
}

/** In memory, or with its log in a folder of our own, since SQLite reads a log only from a file. */
async function openCopy({ bytes, log }: Copy) {
  const { Database } = await import('bun:sqlite')
  if (!log) return Database.deserialize(withoutLog(bytes), { readonly: true })
  const folder = mkdtempSync(join(tmpdir(), 'shakedown-sqlite-'))
  const path = join(folder, 'copy')
  try {
    writeFileSync(path, bytes, { mode: 0o600 })
    writeFileSync(`${path}-wal`, log, { mode: 0o600 })
    const database = new Database(path)
    // The log goes into the copy, which then needs no files.
    database.run('PRAGMA wal_checkpoint(TRUNCATE)')
    const whole = database.serialize()
    database.close()
    return Database.deserialize(withoutLog(whole), { readonly: true })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Bytes 18 and 19 say that there is a log (https://sqlite.org/fileformat2.html#file_format_version_numbers). */
function withoutLog(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  if (copy[18] === 2 && copy[19] === 2) copy.fill(1, 18, 20)
  return copy
}
