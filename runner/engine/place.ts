/** Where a journal's scripts are run: on the target. There its guardian undoes them, too. */
import { existsSync, readFileSync } from 'node:fs'
import type { Transport } from '../contracts/transport.ts'
import type { JournalEntry, UndoState } from '../contracts/undo.ts'
import { CLAIMED, fileOf, keepFiles, markState, readJournal, removeJournal, takeUp } from './journal.ts'
import { There } from './place-there.ts'

export interface Place {
  /** Absolute, on the target. */
  readonly folder: string
  /** Brings the journal as it was begun; it lies there when this resolves. */
  begin(): Promise<void>
  /** Brings an entry that was written down. When this throws, nothing may be changed. */
  bring(id: number): Promise<void>
  /** Keeps what a change has left beside its undo. */
  keep(id: number, files: Readonly<Record<string, Uint8Array>>): Promise<void>
  mark(id: number, state: UndoState, message?: string): Promise<void>
  /** Whether an entry has a file of that name: `verify`. */
  has(id: number, name: string): Promise<boolean>
  /** A file of an entry; undefined when there is none. */
  read(id: number, name: string): Promise<Uint8Array | undefined>
  takeUp(id: number): Promise<void>
  /** A guardian that took us for gone has renamed the folder: nothing may be changed any more. */
  fenced(): Promise<boolean>
  /** What the guardian that has it still has to do; undefined once it is gone with all of it undone. */
  claimed(): Promise<readonly JournalEntry[] | undefined>
  remove(): Promise<void>
}

/** The place of the journal in a folder of this machine. */
export function placeFor(transport: Transport, folder: string): Place {
  return transport.folder === undefined ? here(folder) : There.of(transport, folder)
}

/** For a target on this machine it is the journal itself. */
export function here(folder: string): Place {
  return {
    folder,
    begin: async () => undefined,
    bring: async () => undefined,
    keep: async (id, files) => keepFiles(folder, id, files),
    mark: async (id, state, message) => markState(folder, id, state, message),
    has: async (id, name) => existsSync(fileOf(folder, id, name)),
    read: async (id, name) =>
      existsSync(fileOf(folder, id, name)) ? readFileSync(fileOf(folder, id, name)) : undefined,
    takeUp: async (id) => takeUp(folder, id),
    fenced: async () => !existsSync(folder),
    claimed: async () => readJournal(`${folder}${CLAIMED}`)?.entries,
    remove: async () => removeJournal(folder),
  }
}
