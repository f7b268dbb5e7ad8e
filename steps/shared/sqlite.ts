/** Asking an SQLite file: by a copy of it, so that nothing is locked or written where it lies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { plainValue } from '../../runner/base/plain.ts'
import { CheckFailure, TargetError } from '../../runner/contracts/errors.ts'
import type { Target } from '../../runner/contracts/target.ts'
import type { Files } from '../../runner/contracts/transport.ts'
import { formatDuration } from '../../runner/contracts/units.ts'
import type { Row, SqlParams } from './sql.ts'
import { columnTwice, refusedBySqlite } from './sql-text.ts'
import type { Answer, Question } from './sqlite-query.ts'

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
  const { names, rows } = await ask({ database: await wholeOf(copy), query, values }, timeout)
  const twice = columnTwice(names)
  if (twice !== undefined) throw new CheckFailure(`two columns are named "${twice}": name one otherwise with AS`)
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, plainValue(row[index])])))
}

/** In a process of its own, which is ended with the time limit. */
async function ask(question: Question, timeout: number): Promise<Exclude<Answer, { error: string }>> {
  const command = [process.execPath, '--no-env-file', join(import.meta.dirname, 'sqlite-query.ts')]
  const asked = Bun.spawn(command, {
    cwd: import.meta.dirname,
    stdin: serialize(question),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: Math.max(1, Math.ceil(timeout)),
    killSignal: 'SIGKILL',
  })
  const [output, trouble] = await Promise.all([asked.stdout.bytes(), asked.stderr.text(), asked.exited])
  if (asked.signalCode === 'SIGKILL')
    throw new TargetError(`no answer within ${formatDuration(timeout)}`, { transient: true })
  if (asked.exitCode !== 0) throw new Error(`the process that asks SQLite failed: ${trouble.trim()}`)
  const answer = deserialize(output) as Answer
  if ('error' in answer) throw new CheckFailure(answer.error)
  return answer
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

/** The file with what its log holds; SQLite reads a log only from a file. */
async function wholeOf({ bytes, log }: Copy): Promise<Uint8Array> {
  if (!log) return withoutLog(bytes)
  const { Database } = await import('bun:sqlite')
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
    return withoutLog(whole)
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
