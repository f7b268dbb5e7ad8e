/** Timers of any length. `setTimeout` holds its delay in 32 bits: beyond 24.8 days it fires at once. */

/** The longest delay of `setTimeout`, in ms (2^31 - 1). */
const LONGEST = 2_147_483_647

export interface Timer extends Disposable {
  /** Stops it; stopping one that fired or was stopped does nothing. */
  stop(): void
}

/**
 * Calls `act` once `ms` are over; Infinity never fires. The timer keeps the process alive, which `AbortSignal.timeout` does
 * not: the process would end silently with 0. Throws a RangeError for NaN, for which `setTimeout` would fire at once.
 */
export function after(ms: number, act: () => void): Timer {
  if (Number.isNaN(ms)) throw new RangeError('a timer needs a number of milliseconds')
  const end = performance.now() + ms
  let timer: ReturnType<typeof setTimeout>
  const set = (rest: number) => {
    timer =
      rest > LONGEST ? setTimeout(() => set(end - performance.now()), LONGEST) : setTimeout(act, Math.max(0, rest))
  }
  set(ms)
  const stop = () => clearTimeout(timer)
  return { stop, [Symbol.dispose]: stop }
}

/** Resolves after `ms`, or as soon as one of the signals is aborted: the caller looks which of them it was. */
export async function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return
  const over = Promise.withResolvers<void>()
  const end = () => over.resolve()
  using _timer = after(ms, end)
  for (const signal of signals) signal.addEventListener('abort', end, { once: true })
  await over.promise
  for (const signal of signals) signal.removeEventListener('abort', end)
}
