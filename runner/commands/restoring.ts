/** How far a run is with putting things back, for who presses Ctrl-C again: from its events alone. */
import type { RunEvent } from '../contracts/events.ts'
import { formatDuration } from '../contracts/units.ts'
import { TRIES, UNDO_LIMIT } from '../engine/undo.ts'

const MOST_NAMED = 3

export class Restoring {
  /** What each change that is in does, in the order they were made. */
  readonly #open = new Map<string, string>()
  #since: number | undefined

  /** Listens to a run. */
  readonly event = (event: RunEvent): void => {
    if (event.is === 'change' && event.entry > 0 && event.state === 'intent')
      this.#open.set(`${event.case} ${event.entry}`, event.does)
    if (event.is === 'restored' && event.outcome === 'restored') this.#open.delete(`${event.case} ${event.entry}`)
    if (event.is === 'phase.started' && event.phase === 'restore') this.#since ??= performance.now()
    if (event.is === 'case.ended') this.#forget(event.case)
  }

  /** In words: what is still in, for how long it is being put back, and how long that may take. */
  says(): string {
    const open = [...this.#open.values()]
    const most = `${formatDuration(UNDO_LIMIT)} at most for each try of an undo, of which there are up to ${TRIES}`
    const end = 'this is never cut short: only a run that was begun with --abandon leaves changes in'
    if (open.length === 0) return `nothing is left to put back: the run ends as soon as it has tidied up; ${end}`
    const what = `${open.length} ${open.length === 1 ? 'change' : 'changes'} (${named(open)})`
    if (this.#since === undefined) return `${what} will be put back as soon as the steps have ended, ${most}; ${end}`
    const taken = formatDuration(Math.round((performance.now() - this.#since) / 1_000) * 1_000)
    return `still putting back ${what}: for ${taken} now, ${most}; ${end}`
  }

  #forget(kase: string): void {
    for (const key of this.#open.keys()) if (key.startsWith(`${kase} `)) this.#open.delete(key)
    if (this.#open.size === 0) this.#since = undefined
  }
}

function named(does: readonly string[]): string {
  const last = does.slice(-MOST_NAMED).reverse()
  return [...last, ...(does.length > MOST_NAMED ? [`and ${does.length - MOST_NAMED} more`] : [])].join(', ')
}
