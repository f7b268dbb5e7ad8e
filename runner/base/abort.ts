/**
 * Resolves as the promise does, or throws the signal's reason as soon as it is aborted: for work that does not listen
 * itself. `late` gets a value that comes after that, to close it.
 */
export async function orAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  late: (value: T) => void = () => undefined,
): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => {
    promise.then(late, () => undefined)
    aborted.reject(signal.reason)
  }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([aborted.promise, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
