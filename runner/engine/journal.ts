/**
 * The write-ahead journal: one folder a case, in it `journal.jsonl`, and for each change `NNNN.sh` (undo), `NNNN.verify`
 * and what it keeps aside. It is written and fsynced before the change is made, and it is the only thing that anything is
 * undone from. A person undoes a run by hand with `for f in $(ls -r *.sh); do sh $f; done`.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { JournalEntry, JournalHead, Undo, UndoState } from '../contracts/undo.ts'
import { hostname, ownIdentity, uptimeMs } from './identity.ts'

/** The file of a journal's folder that tells of all others. */
export const LOG = 'journal.jsonl'

export class Journal {
  readonly folder: string
  #next = 1

  private constructor(folder: string) {
    this.folder = folder
  }

  /** Makes the folder at the first change, so that a case that only reads leaves nothing. */
  static create(folder: string, about: Pick<JournalHead, 'run' | 'target' | 'there'>): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const journal = new Journal(folder)
    const head: JournalHead = { ...about, ...ownIdentity(), host: hostname(), uptime: uptimeMs() }
    try {
      journal.#append(head)
      syncFolder(folder)
    } catch (error) {
      removeJournal(folder)
      throw error
    }
    return journal
  }

  /** Writes down a change that is about to be made. When this throws, nothing may be changed. */
  intend(undo: Undo, about: Pick<JournalEntry, 'case' | 'plan' | 'step' | 'does'>): number {
    const id = this.#next++
    try {
      this.#keep(id, undo)
      this.#append({
        id,
        state: 'intent',
        uptime: uptimeMs(),
        ...about,
        title: undo.title,
        of: undo.of,
        touches: undo.touches,
        settles: undo.settles,
        goesWithStack: undo.goesWithStack,
        ends: undo.ends,
      })
      syncFolder(this.folder)
    } catch (error) {
      if (existsSync(this.folder)) dropKept(this.folder, id)
      throw error
    }
    return id
  }

  /** The undo comes last and by a rename: half of a script must never be run. */
  #keep(id: number, { keeps = {}, sh, verify }: Undo): void {
    for (const [name, bytes] of Object.entries(keeps)) writeSynced(fileOf(this.folder, id, name), bytes)
    if (verify !== undefined) writeSynced(fileOf(this.folder, id, 'verify'), `${verify}\n`)
    writeSynced(fileOf(this.folder, id, 'coming'), `${sh}\n`)
    renameSync(fileOf(this.folder, id, 'coming'), fileOf(this.folder, id, 'sh'))
  }

  mark(id: number, state: UndoState, message?: string): void {
    markState(this.folder, id, state, message)
  }

  /** A guardian that took us for gone has renamed the folder: nothing may be changed any more. */
  get fenced(): boolean {
    return !existsSync(this.folder)
  }

  #append(line: JournalHead | JournalEntry): void {
    append(this.folder, line)
  }
}

/** Keeps files beside an entry's undo, each as a whole or not at all. */
export function keepFiles(folder: string, id: number, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const coming = fileOf(folder, id, `${name}.coming`)
    writeSynced(coming, bytes)
    renameSync(coming, fileOf(folder, id, name))
  }
  syncFolder(folder)
}

/** Adds the state of an entry; once it is undone, what was kept aside is deleted, since it may hold secrets. */
export function markState(folder: string, id: number, state: UndoState, message?: string): void {
  const line = { id, state, uptime: uptimeMs(), ...(message === undefined ? {} : { message }) }
  try {
    append(folder, line)
  } catch (error) {
    // What is undone makes room for the word of it, and what is being undone needs none.
    if (!isFull(error) || (state !== 'undone' && state !== 'undoing')) throw error
    if (state === 'undone') {
      dropKept(folder, id)
      append(folder, line)
    }
  }
  if (state === 'undone') dropKept(folder, id)
  if (state === 'drifted') setAside(folder, id)
}

/** Makes an entry that was set aside one to be undone again. */
export function takeUp(folder: string, id: number): void {
  const script = fileOf(folder, id, 'sh')
  if (existsSync(`${script}.drifted`)) renameSync(`${script}.drifted`, script)
}

/** What somebody else changed since is theirs: a loop over the scripts passes it over. */
function setAside(folder: string, id: number): void {
  const script = fileOf(folder, id, 'sh')
  if (existsSync(script)) renameSync(script, `${script}.drifted`)
}

/** A journal as it was found. */
export interface FoundJournal {
  readonly folder: string
  readonly head: JournalHead
  /** The last state of each entry with what was said of it first; oldest first. */
  readonly entries: readonly JournalEntry[]
}

/** Reads a journal; a torn last line was being written when the run ended and is left out. Undefined: it holds nothing. */
export function readJournal(folder: string): FoundJournal | undefined {
  const file = join(folder, LOG)
  return existsSync(file) ? parseJournal(withIntents(readFileSync(file, 'utf8'), folder), folder) : undefined
}

/** The line of a change whose undo lies there, and that a torn line, or none, tells of: it may have been made. */
function withIntents(text: string, folder: string): string {
  const [head = '', ...lines] = text.split('\n')
  const scripts = readdirSync(folder).flatMap((name) => /^(\d+)\.sh$/.exec(name)?.[1] ?? [])
  return [head, ...scripts.sort().map((id) => intentOf(Number(id))), ...lines].join('\n')
}

function intentOf(id: number): string {
  return JSON.stringify({ id, state: 'intent', title: UNTOLD, does: 'a change', step: 'not told', uptime: 0 })
}

/** What the journal calls a change whose line was torn. */
export const UNTOLD = 'a change whose line in the journal is torn is undone'

/** A journal's text, wherever it was read. */
export function parseJournal(text: string, folder: string): FoundJournal | undefined {
  const lines = text.split('\n').flatMap(parseLine)
  const head = lines[0] as JournalHead | undefined
  if (head?.run === undefined) return undefined
  const entries = new Map<number, JournalEntry>()
  for (const line of lines.slice(1) as JournalEntry[]) entries.set(line.id, { ...entries.get(line.id), ...line })
  return { folder, head, entries: [...entries.values()].sort((a, b) => a.id - b.id) }
}

/** What is not proven to be put back: it makes the target dirty. What somebody else changed since is theirs. */
export function openEntries(journal: FoundJournal): readonly JournalEntry[] {
  return journal.entries.filter((entry) => entry.state !== 'undone' && entry.state !== 'drifted')
}

/** Whether a guardian has taken it over. */
export function isClaimed({ folder }: FoundJournal): boolean {
  return folder.endsWith(CLAIMED)
}

/** What a guardian appends to the name of a journal that it takes over. */
export const CLAIMED = '.claimed'

/** All journals under a folder of journals. */
export function journalsIn(folder: string): FoundJournal[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readJournal(join(folder, name)) ?? [])
}

/** The files of an entry, by name. */
export function filesOf(folder: string, id: number): Map<string, Buffer> {
  const prefix = fileOf('', id, '')
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix))
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
}

/** The text of a journal; what was written last stands last. */
export function textOf(folder: string): string {
  return readFileSync(join(folder, LOG), 'utf8')
}

/** The file of an entry: `0001.sh`, `0001.verify`, `0001.pre-image`. */
export function fileOf(folder: string, id: number, name: string): string {
  return join(folder, `${String(id).padStart(4, '0')}.${name}`)
}

/** Deletes a journal of which everything is undone. */
export function removeJournal(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

function dropKept(folder: string, id: number): void {
  const prefix = fileOf('', id, '')
  for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true })
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function parseLine(line: string): unknown[] {
  try {
    return line === '' ? [] : [JSON.parse(line)]
  } catch {
    return []
  }
}

function append(folder: string, line: object): void {
  const file = openSync(join(folder, LOG), 'a+', 0o600)
  const { size } = fstatSync(file)
  try {
    writeAll(file, Buffer.from(`${isTorn(file, size) ? '\n' : ''}${JSON.stringify(line)}\n`))
    fsyncSync(file)
  } catch (error) {
    // Half a line would spoil the next one.
    ftruncateSync(file, size)
    throw error
  } finally {
    closeSync(file)
  }
}

/** Whoever wrote the last line was killed meanwhile: what is added begins a line of its own. */
function isTorn(file: number, size: number): boolean {
  const last = Buffer.alloc(1)
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a
}

function writeSynced(path: string, content: string | Uint8Array): void {
  const file = openSync(path, 'w', 0o600)
  try {
    writeAll(file, typeof content === 'string' ? Buffer.from(content) : content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A full tmpfs writes short without an error, and leaves a file of 0 bytes. */
function writeAll(file: number, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) {
    const written = writeSync(file, bytes, done)
    if (written === 0)
      throw Object.assign(new Error('the disk is full: the journal could not be written'), { code: 'ENOSPC' })
    done += written
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
