/**
 * One run changes a target at a time; readers share. A folder that comes into being by `rename` is the lock, with who holds it inside, so that
 * one left by a dead run can be taken over.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BusyError } from '../contracts/errors.ts'
import { hostname, isAlive, ownIdentity, type ProcessIdentity } from './identity.ts'

interface Holder extends ProcessIdentity {
  readonly run: string
  readonly host: string
  readonly plan: string
}

export type LockMode = 'exclusive' | 'shared'

/** Throws a BusyError that names the holder. Cases of the same run wait for each other instead, outside of here. */
export function takeLock(folder: string, mode: LockMode, who: { run: string; plan: string }): Disposable {
  const holder: Holder = { ...who, ...ownIdentity(), host: hostname() }
  mkdirSync(folder, { recursive: true })
  return mode === 'exclusive' ? takeExclusive(folder, holder) : takeShared(folder, holder)
}

/** Who holds the lock in a way that `mode` can't share. Only looks. */
export function lockedBy(folder: string, mode: LockMode): Holder | undefined {
  const [exclusive] = holdersIn(join(folder, 'exclusive'))
  return exclusive ?? (mode === 'exclusive' ? holdersIn(join(folder, 'shared'))[0] : undefined)
}

function takeExclusive(folder: string, holder: Holder): Disposable {
  const own = join(folder, 'exclusive')
  if (!claim(folder, own, holder)) {
    const other = holdersIn(own)[0]
    // A dead holder's file is removed by looking, and an empty folder can be claimed.
    if (other || !claim(folder, own, holder)) throw busy(other)
  }
  const release = { [Symbol.dispose]: () => rmSync(own, { recursive: true, force: true }) }
  const reader = holdersIn(join(folder, 'shared'))[0]
  if (reader) {
    release[Symbol.dispose]()
    throw busy(reader)
  }
  return release
}

/** The folder comes into being with its holder inside: rename replaces an empty folder, and fails for any other. */
function claim(folder: string, own: string, holder: Holder): boolean {
  const prepared = mkdtempSync(join(folder, 'claim-'))
  writeFileSync(join(prepared, fileName(holder)), JSON.stringify(holder))
  try {
    renameSync(prepared, own)
    return true
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true })
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

function takeShared(folder: string, holder: Holder): Disposable {
  mkdirSync(join(folder, 'shared'), { recursive: true })
  const own = join(folder, 'shared', fileName(holder))
  writeFileSync(own, JSON.stringify(holder))
  const release = { [Symbol.dispose]: () => rmSync(own, { force: true }) }
  const writer = holdersIn(join(folder, 'exclusive'))[0]
  if (writer) {
    release[Symbol.dispose]()
    throw busy(writer)
  }
  return release
}

let counter = 0
const fileName = (holder: Holder) => `${holder.pid}-${++counter}.json`

/** Living holders; files of dead ones are removed. */
function holdersIn(folder: string): Holder[] {
  return listed(folder).flatMap((name) => {
    const holder = readHolder(join(folder, name))
    if (holder === undefined || holder.host !== hostname() || isAlive(holder)) return holder ?? []
    rmSync(join(folder, name), { force: true })
    return []
  })
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function busy(holder: Holder | undefined): BusyError {
  if (holder === undefined) return new BusyError('the target is being taken by another run this very moment')
  return new BusyError(
    `the target is busy: run ${holder.run} (process ${holder.pid} on ${holder.host}) holds it for "${holder.plan}"`,
  )
}
