/**
 * One run changes a target at a time; readers share. A folder that comes into being by `rename` is the lock, with who holds it inside, so that
 * one left by a dead run can be taken over. On another machine the same is made by `lock-there.ts`.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { BusyError } from '../contracts/errors.ts'
import { bootId, hostname, isAlive, ownIdentity, type ProcessIdentity, uptimeMs } from './identity.ts'

export interface Holder extends ProcessIdentity {
  readonly run: string
  readonly host: string
  readonly plan: string
}

export type LockMode = 'exclusive' | 'shared'

export interface Who {
  readonly run: string
  readonly plan: string
}

/** Hears of a holder that is gone, and whose lock was taken over. */
export type TookOver = (from: Holder) => void

/** Seconds without a beat after which a holder on another machine is taken for gone. */
export const BEATS_WITHIN = 30

/** What is written into a lock. */
export function holderOf(who: Who): Holder {
  return { ...who, ...ownIdentity(), host: hostname() }
}

/** Throws a BusyError that names the holder. Cases of the same run wait for each other instead, outside of here. */
export function takeLock(folder: string, mode: LockMode, who: Who, tookOver: TookOver = () => undefined): Disposable {
  const lock = new Lock(folder, holderOf(who), tookOver)
  return lock.take(mode)
}

/** Takes away what is left of locks in a folder whose holders are gone; those of living ones stay. */
export function tidyLocks(folder: string): void {
  const who = { run: 'tidying', plan: '' }
  for (const name of listed(folder))
    try {
      takeLock(join(folder, name), 'exclusive', who)[Symbol.dispose]()
    } catch {
      // Somebody holds it, or it is not ours to remove.
    }
}

/** Who holds the lock in a way that `mode` can't share. Only looks. */
export function lockedBy(folder: string, mode: LockMode): Holder | undefined {
  const living = (kind: LockMode) => holdersIn(join(folder, kind)).find(({ holder, file }) => !isGone(holder, file))
  return (living('exclusive') ?? (mode === 'exclusive' ? living('shared') : undefined))?.holder
}

/** In words, for the message of who was refused. */
export function busy(holder: Holder | undefined, ago = ''): BusyError {
  if (holder === undefined) return new BusyError('the target is being taken by another run this very moment')
  return new BusyError(
    `the target is busy: run ${holder.run} (process ${holder.pid} on ${holder.host}${ago}) holds it for "${holder.plan}"`,
  )
}

let counter = 0

/** Unique among all holders of a lock. */
export function fileNameOf(holder: Holder): string {
  return `${holder.run}-${holder.pid}-${++counter}.json`
}

/** How often others may remove a folder that is empty, before ours stands in it. */
const ROUNDS = 20

class Lock {
  readonly #folder: string
  readonly #holder: Holder
  readonly #name: string
  readonly #tookOver: TookOver

  constructor(folder: string, holder: Holder, tookOver: TookOver) {
    this.#folder = folder
    this.#holder = holder
    this.#name = fileNameOf(holder)
    this.#tookOver = tookOver
  }

  take(mode: LockMode): Disposable {
    return mode === 'exclusive' ? this.#exclusive() : this.#shared()
  }

  #exclusive(): Disposable {
    if (!this.#claim()) {
      const other = this.#living('exclusive')
      // A dead holder's file is removed by looking, and an empty folder can be claimed.
      if (other || !this.#claim()) throw busy(other)
    }
    return this.#unless('exclusive', 'shared')
  }

  #shared(): Disposable {
    this.#inFolder(() => {
      mkdirSync(join(this.#folder, 'shared'), { recursive: true })
      this.#write(join(this.#folder, 'shared'))
    })
    return this.#unless('shared', 'exclusive')
  }

  /** What was taken is let go again when somebody holds it in the other way. */
  #unless(own: LockMode, others: LockMode): Disposable {
    const release = { [Symbol.dispose]: () => this.#release(own) }
    const other = this.#living(others)
    if (!other) return release
    release[Symbol.dispose]()
    throw busy(other)
  }

  /** The folder comes into being with its holder inside: rename replaces an empty folder, and fails for any other. */
  #claim(): boolean {
    return this.#inFolder(() => {
      const prepared = mkdtempSync(join(this.#folder, 'claim-'))
      try {
        this.#write(prepared)
        renameSync(prepared, join(this.#folder, 'exclusive'))
        return true
      } catch (error) {
        rmSync(prepared, { recursive: true, force: true })
        if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false
        throw error
      }
    })
  }

  #write(folder: string): void {
    const file = join(folder, this.#name)
    try {
      writeFileSync(file, JSON.stringify(this.#holder))
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    }
  }

  /** Whoever lets go removes folders that are empty, perhaps the one that was made for us this moment. */
  #inFolder<T>(work: () => T): T {
    for (let round = 1; ; round++) {
      try {
        mkdirSync(this.#folder, { recursive: true })
        return work()
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || round === ROUNDS) throw error
      }
    }
  }

  #release(mode: LockMode): void {
    rmSync(join(this.#folder, mode, this.#name), { force: true })
    const folder = this.#folder
    for (const each of ['exclusive', 'shared']) removeEmpty(join(folder, each))
    for (const each of [folder, dirname(folder), dirname(dirname(folder))]) if (!removeEmpty(each)) return
  }

  /** A living holder; files of those that are gone are removed. */
  #living(mode: LockMode): Holder | undefined {
    for (const { holder, file } of holdersIn(join(this.#folder, mode))) {
      if (!isGone(holder, file)) return holder
      rmSync(file, { force: true })
      rmSync(`${file}.beat`, { force: true })
      this.#tookOver(holder)
    }
    return undefined
  }
}

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Of a holder on another machine only its beat tells, by the uptime of the machine that the lock lies on. */
function isGone(holder: Holder, file: string): boolean {
  if (holder.host === hostname()) return !isAlive(holder)
  const [boot, beat] = read(`${file}.beat`)?.split(' ') ?? []
  if (boot === undefined || beat === undefined) return false
  return boot !== bootId() || uptimeMs() / 1_000 - Number(beat) > BEATS_WITHIN
}

function holdersIn(folder: string): { readonly holder: Holder; readonly file: string }[] {
  return listed(folder).flatMap((name) => {
    const file = join(folder, name)
    const holder = name.endsWith('.json') ? parse(read(file)) : undefined
    return holder === undefined ? [] : [{ holder, file }]
  })
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string | undefined): Holder | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Holder)
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
