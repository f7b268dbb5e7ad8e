/** The one waiter: subscribe, read, read again when woken, and a slow poll behind. */
import type { Condition, Verdict } from './contracts/probe.ts'
import { formatDuration } from './contracts/units.ts'
import type { Waited, WaitOptions } from './wait/options.ts'
import { Watched } from './wait/watched.ts'

export type { Waited, WaitOptions } from './wait/options.ts'

/**
 * Waits until the condition holds, and, with `hold`, stays so. Throws a CheckFailure that tells how the value changed,
 * or the signal's reason.
 */
export async function waitFor(condition: Condition, options: WaitOptions): Promise<Waited> {
  await using watched = await Watched.begin(condition, options)
  const { within, hold = 0 } = options
  let heldSince: number | undefined
  for (;;) {
    const verdict = await watched.read(heldSince === undefined ? within - watched.elapsed : undefined)
    const { elapsed } = watched
    if (verdict.is === 'holds') {
      heldSince ??= elapsed
      if (elapsed - heldSince >= hold) return watched.end(verdict)
    } else {
      await refuse(watched, verdict, within, heldSince)
      heldSince = undefined
    }
    await watched.pause(heldSince === undefined ? within - elapsed : hold - (elapsed - heldSince))
  }
}

/** A condition must stay true for a time (Gomega's "Consistently"); what can't be read breaks it. */
export async function holdFor(
  condition: Condition,
  options: Omit<WaitOptions, 'within' | 'hold' | 'failIf'> & { readonly for: number },
): Promise<Waited> {
  const time = options.for
  await using watched = await Watched.begin(condition, { ...options, within: time })
  for (;;) {
    const verdict = await watched.read(undefined)
    const { elapsed } = watched
    if (verdict.is !== 'holds')
      throw watched.failure(
        `did not stay so for ${formatDuration(time)}, broke after ${formatDuration(elapsed)}: `,
        verdict,
      )
    if (elapsed >= time) return watched.end(verdict)
    await watched.pause(time - elapsed)
  }
}

/** Throws when there is no time left, or no sense in waiting on. */
async function refuse(watched: Watched, verdict: Verdict, within: number, since: number | undefined): Promise<void> {
  const { elapsed } = watched
  if (since !== undefined && elapsed > within) {
    const held = formatDuration(elapsed - since)
    throw watched.failure(`became true after ${formatDuration(since)}, but broke ${held} later: `, verdict)
  }
  await watched.refuseInVain(verdict)
  if (elapsed >= within) throw watched.failure(within === 0 ? '' : `not within ${formatDuration(within)}: `, verdict)
}
