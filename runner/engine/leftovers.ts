import { join } from 'node:path'
import { RestoreError } from '../contracts/errors.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import { isAlive } from './identity.ts'
import { type FoundJournal, journalsIn, openEntries } from './journal.ts'

/** A target is known by its transport's address, its name and, locally, the folder of targets.yaml. */
export function targetIdentity(spec: TargetSpec, address: string): string {
  return address === 'local' ? `local ${spec.home} ${spec.name}` : `${address} ${spec.name}`
}

/** Folder of all journals of the targets that one targets.yaml declares. */
export function journalFolder(home: string): string {
  return join(home, '.shakedown', 'journal')
}

/** Journals with something that is not put back, of runs that are over. */
export function leftovers(home: string): FoundJournal[] {
  return journalsIn(journalFolder(home)).filter((journal) => !isAlive(journal.head) && openEntries(journal).length > 0)
}

/** A run on a dirty target would measure the last one's faults. Throws a RestoreError with what to type. */
export function refuseLeftovers(spec: TargetSpec, address: string): void {
  const [dirty] = leftovers(spec.home).filter(({ head }) => head.target === targetIdentity(spec, address))
  if (dirty === undefined) return
  const left = openEntries(dirty)
    .map(({ title, step }) => `${title} (${step})`)
    .join(', ')
  throw new RestoreError(
    `target "${spec.name}" is dirty: run ${dirty.head.run} ended without putting back: ${left}. Type: bun run plan restore ${relativeHome(spec.home)}`,
  )
}

/** The folder as a person in the working directory would name it. */
export function relativeHome(home: string): string {
  const cwd = process.cwd()
  if (home === cwd) return '.'
  return home.startsWith(`${cwd}/`) ? home.slice(cwd.length + 1) : home
}
