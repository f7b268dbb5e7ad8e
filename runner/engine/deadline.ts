import { after } from '../base/timer.ts'
import { CheckFailure } from '../contracts/errors.ts'
import { formatDuration } from '../contracts/units.ts'

/** A signal that ends with any of its parents or after a time. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
  /** True when the time ended it. */
  readonly over: boolean
}

/**
 * Its timer keeps the process alive, which `AbortSignal.timeout` does not: the process would end silently with 0.
 * `limit` is in ms; undefined means that only the parents end it.
 */
export function deadline(limit: number | undefined, parents: readonly AbortSignal[], what: string): Deadline {
  const controller = new AbortController()
  let over = false
  const end = (reason: unknown) => controller.abort(reason)
  const timer =
    limit === undefined
      ? undefined
      : after(limit, () => {
          over = true
          end(new CheckFailure(`${what} not done within ${formatDuration(limit)}`))
        })
  const heard = parents.map((parent) => listen(parent, end))
  return {
    signal: controller.signal,
    get over() {
      return over
    },
    [Symbol.dispose]: () => {
      timer?.stop()
      for (const forget of heard) forget()
    },
  }
}

function listen(parent: AbortSignal, end: (reason: unknown) => void): () => void {
  const heard = () => end(parent.reason)
  if (parent.aborted) heard()
  else parent.addEventListener('abort', heard, { once: true })
  return () => parent.removeEventListener('abort', heard)
}

/** What a promise came to, or undefined when that takes longer than `limit` ms. */
export async function withinTime<T>(promise: Promise<T>, limit: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  using _timer = after(limit, () => late.resolve(undefined))
  return await Promise.race([promise, late.promise])
}
