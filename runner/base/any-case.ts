/**
 * A mapping whose keys are found in any case: header names (RFC 9110, 5.1). `entries` has its keys in lower case, and
 * that is how they are listed. Equality, JSON Schemas and paths into it need not know.
 */
export function anyCase<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const lower = (key: string | symbol) => (typeof key === 'string' ? key.toLowerCase() : key)
  const found = new Proxy(entries, {
    get: (target, key) => Reflect.get(target, lower(key)),
    has: (target, key) => Reflect.has(target, lower(key)),
    getOwnPropertyDescriptor: (target, key) => {
      const own = Reflect.getOwnPropertyDescriptor(target, lower(key))
      // Only a configurable property may be shown that the target does not have under this very key.
      return own && { ...own, configurable: true }
    },
  })
  made.add(found)
  return found
}

const made = new WeakSet<object>()

/** For copies, which have to be made by `anyCase` again. */
export function isAnyCase(value: object): boolean {
  return made.has(value)
}
