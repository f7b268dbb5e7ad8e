import { after } from '../base/timer.ts'
import { CheckFailure } from '../contracts/errors.ts'
import { formatDuration } from '../contracts/units.ts'

/** A signal that ends with any of its parents or after a time. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
  /** True when the time ended it. */
  readonly over: boolean
  /** ms that did not count. */
  readonly waited: number
  /** Does work whose time does not count: waiting for others. */
  uncounted<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Its timer keeps the process alive, which `AbortSignal.timeout` does not: the process would end silently with 0.
 * `limit` is in ms; undefined means that only the parents end it.
 */
export function deadline(limit: number | undefined, parents: readonly AbortSignal[], what: string): Deadline {
  const controller = new AbortController()
  let over = false
  const end = (reason: unknown) => controller.abort(reason)
  const start = performance.now()
  let waited = 0
  const begin = () =>
    limit === undefined
      ? undefined
      : after(Math.max(0, limit - (performance.now() - start - waited)), () => {
          over = true
          end(new CheckFailure(`${what} not done within ${formatDuration(limit)}`))
        })
  let timer = begin()
  const heard = parents.map((parent) => listen(parent, end))
  return {
    signal: controller.signal,
    get over() {
      return over
    },
    get waited() {
      return waited
    },
    uncounted: async (work) => {
      const from = performance.now()
      timer?.stop()
      try {
        return await work()
      } finally {
        waited += performance.now() - from
        timer = begin()
      }
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
