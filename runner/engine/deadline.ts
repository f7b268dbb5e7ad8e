import { CheckFailure } from '../contracts/errors.ts'
import { formatDuration } from '../contracts/units.ts'

/** A signal that ends with any of its parents or after a time. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
  /** True when the time ended it. */
  readonly over: boolean
}

/**
 * `AbortSignal.timeout` does not keep the process alive, which ends it silently with 0: so a timer that does.
 * `limit` is in ms; undefined means that only the parents end it.
 */
export function deadline(limit: number | undefined, parents: readonly AbortSignal[], what: string): Deadline {
  const controller = new AbortController()
  let over = false
  const end = (reason: unknown) => controller.abort(reason)
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => {
          over = true
          end(new CheckFailure(`${what} not done within ${formatDuration(limit)}`))
        }, limit)
  const heard = parents.map((parent) => listen(parent, end))
  return {
    signal: controller.signal,
    get over() {
      return over
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer)
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
  const timer = setTimeout(() => late.resolve(undefined), limit)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
