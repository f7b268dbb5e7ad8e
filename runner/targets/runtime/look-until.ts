/** What a service is waited for with while it comes up. */
import { after } from '../../base/timer.ts'
import type { FailureDetails, TargetError } from '../../contracts/errors.ts'
import type { ReadyReading, Service } from '../../contracts/target.ts'
import { formatDuration } from '../../contracts/units.ts'

const LONGEST_PAUSE = 250

export type Seen = ReadyReading

/** Which service, for how long, what the last look saw, and what it was waited for. */
export function notReady(name: string, limit: number, { says, condition }: Seen): string {
  const awaited = condition === undefined ? '' : ` (waited for ${condition})`
  return `${name} was not ready within ${formatDuration(limit)}: ${says}${awaited}`
}

export interface Looking {
  readonly service: Service
  readonly signal: AbortSignal
  /** ms. */
  readonly limit: number
  /** The first pause, in ms; each is twice as long as the one before, up to a quarter of a second. */
  readonly pause: number
  /** `passed`: ms since the first look. */
  look(passed: number): Promise<Seen>
  notUp(message: string, details?: FailureDetails): Promise<TargetError>
}

/** Looks until it holds: at once when the service tells of a change, sampled otherwise. Throws what `notUp` makes of it when it is late. */
export async function lookUntil({ service, signal, limit, pause: first, look, notUp }: Looking): Promise<void> {
  const start = performance.now()
  let wake = () => {}
  await using _watching = await service.watch(() => wake())
  for (let pause = first; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    signal.throwIfAborted()
    const seen = await look(performance.now() - start)
    if (seen.holds) return
    if (performance.now() - start > limit) throw await notUp(notReady(service.name, limit, seen), seen.details)
    await new Promise<void>((resolve) => {
      const timer = after(pause, resolve)
      wake = () => {
        timer.stop()
        resolve()
      }
    })
  }
}
