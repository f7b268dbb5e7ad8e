/** Whether a change took effect: a fault without one proves nothing. */
import { CheckFailure, isError, messageOf } from '../contracts/errors.ts'
import type { Change, Effective } from '../contracts/undo.ts'
import { formatDuration } from '../contracts/units.ts'

const EFFECT_WITHIN = 10_000

/** Asks again until the change is seen to have taken effect. Throws a CheckFailure when it has none. */
export async function evidenceOf(change: Change, signal: AbortSignal): Promise<string | undefined> {
  if (!change.inEffect) return undefined
  const limit = change.within ?? EFFECT_WITHIN
  const start = performance.now()
  for (let pause = 2; ; pause = Math.min(pause * 2, 250)) {
    const seen = await effectOf(change, signal)
    if (seen.yes) return seen.evidence
    if (signal.aborted) throw signal.reason
    if (performance.now() - start > limit)
      throw new CheckFailure(
        `no effect: ${change.does}, but ${limit > 0 ? `after ${formatDuration(limit)} ` : ''}${seen.why}`,
        {
          hint: 'a fault that changes nothing proves nothing, so it never passes',
        },
      )
    await Bun.sleep(pause)
  }
}

async function effectOf(change: Change, signal: AbortSignal): Promise<Effective> {
  try {
    return (await change.inEffect?.(signal)) ?? { yes: true, evidence: '' }
  } catch (error) {
    if (isError(error, 'target') && !error.transient) throw error
    return { yes: false, why: messageOf(error) }
  }
}
