import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { TargetSpec } from '../contracts/plan.ts'
import { isAlive } from './identity.ts'
import { CLAIMED, type FoundJournal, isClaimed, journalsIn, openEntries, removeJournal } from './journal.ts'

/** A target is known by its transport's address, its name and, locally, the folder of targets.yaml. */
export function targetIdentity(spec: TargetSpec, address: string): string {
  return address === 'local' ? `local ${spec.home} ${spec.name}` : `${address} ${spec.name}`
}

/** Folder of all journals of the targets that one targets.yaml declares. */
export function journalFolder(home: string): string {
  return join(home, '.shakedown', 'journal')
}

/** Journals of targets on this machine: of others there are only records here. */
export function journalsHere(home: string): FoundJournal[] {
  return journalsIn(journalFolder(home)).filter(({ head }) => head.there === undefined)
}

/** Journals with something that is not put back, of runs that are over. */
export function leftovers(home: string): FoundJournal[] {
  return journalsHere(home).filter((journal) => isOver(journal) && openEntries(journal).length > 0)
}

/** Journals of runs that are over and of which everything is undone: their runner was killed before it could remove them. */
export function finished(home: string): FoundJournal[] {
  return journalsHere(home).filter(
    (journal) => isOver(journal) && journal.entries.every(({ state }) => state === 'undone'),
  )
}

/** A run that was taken for gone is over, too, though its process may have come back. */
export function isOver(journal: FoundJournal): boolean {
  return isClaimed(journal) || !isAlive(journal.head)
}

const GUARDIAN_LIMIT = 60_000

/** Waits for guardians that are putting back what a run has left, so that nobody does it twice. Tells of the first wait. */
export async function guardiansDone(home: string, told: (run: string) => void): Promise<void> {
  const start = performance.now()
  for (let first = true; performance.now() - start < GUARDIAN_LIMIT; first = false) {
    const busy = leftovers(home).find(isGuarded)
    if (!busy) return
    if (first) told(busy.head.run)
    await Bun.sleep(20)
  }
}

/** One that gave up after many tries has ended. */
function isGuarded({ folder }: FoundJournal): boolean {
  const file = join(folder, 'guardians')
  if (!existsSync(file)) return false
  return readFileSync(file, 'utf8')
    .split(/\s+/)
    .some((pid) => pid !== '' && isGuardian(Number(pid), folder))
}

function isGuardian(pid: number, folder: string): boolean {
  const name = basename(folder).replace(CLAIMED, '')
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name)
  } catch {
    return process.platform !== 'linux' && isAlive({ pid, started: '' })
  }
}

/** What runs that are over have left here, once their guardians are done. */
export async function leftHere(spec: TargetSpec, target: string): Promise<FoundJournal[]> {
  for (const { folder } of finished(spec.home)) removeJournal(folder)
  const own = () => leftovers(spec.home).filter(({ head }) => head.target === target)
  if (own().length > 0) await guardiansDone(spec.home, () => undefined)
  return own()
}

/** The folder as a person in the working directory would name it. */
export function relativeHome(home: string): string {
  const cwd = process.cwd()
  if (home === cwd) return '.'
  return home.startsWith(`${cwd}/`) ? home.slice(cwd.length + 1) : home
}
