/**
 * Where a place wants text, a scalar keeps the spelling it was written with: `3.10`, `0777`, `+49…`, `True`. Trees hold
 * the value and beside it a mark with the spelling, where that differs from the usual one. A scalar that is on its own,
 * as a name of an expression or between a tree and the next, is a `Spelled` then.
 */
export type Scalar = string | number | bigint | boolean | null

/** A scalar that is spelled in another way than its value usually is. */
export class Spelled {
  readonly value: Scalar
  readonly text: string

  constructor(value: Scalar, text: string) {
    this.value = value
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A scalar as its source spells it; wrapped only where the spelling is unusual. Null has no spelling: it is never text. */
export function spelled(value: Scalar, source: string): Scalar | Spelled {
  return value === null || String(value) === source ? value : new Spelled(value, source)
}

const marks = new WeakMap<object, Map<string, string>>()
const late = new WeakSet<object>()

/** Sets a member of a mapping or list: a `Spelled` becomes its value, and its spelling is marked. */
export function setSpelled(holder: object, key: string | number, value: unknown): void {
  const plain = value instanceof Spelled ? value.value : value
  Object.defineProperty(holder, key, { value: plain, enumerable: true, writable: true, configurable: true })
  if (!(value instanceof Spelled)) return
  const known = marks.get(holder) ?? new Map<string, string>()
  marks.set(holder, known.set(String(key), value.text))
}

/** A member of a mapping or list: a `Spelled` where it has a spelling of its own. */
export function spelledAt(holder: object, key: string | number): unknown {
  const value = (holder as Record<string | number, unknown>)[key]
  const text = marks.get(holder)?.get(String(key))
  return text === undefined ? value : new Spelled(value as Scalar, text)
}

/** The members of a mapping or list, each in its spelling. */
export function spelledEntries(holder: object): [key: string, value: unknown][] {
  return Object.keys(holder).map((key) => [key, spelledAt(holder, key)])
}

/** Whether a member of this very mapping or list has a spelling of its own. */
export function hasSpelling(holder: object): boolean {
  return marks.has(holder)
}

/** A list of scalars that may be `Spelled`, as a list of values with marks. */
export function spelledList(items: readonly unknown[]): unknown[] {
  const list: unknown[] = []
  for (const [index, item] of items.entries()) setSpelled(list, index, item)
  return list
}

/** Says that members of a mapping are made when they are asked for, and may be `Spelled`. */
export function isMadeLate<T extends object>(names: T): T {
  late.add(names)
  return names
}

/** A value without its spelling. */
export function unspelled(value: unknown): unknown {
  if (value instanceof Spelled) return value.value
  if (typeof value !== 'object' || value === null || !late.has(value)) return value
  const made = {}
  for (const [key, item] of Object.entries(value)) setSpelled(made, key, item)
  return made
}

/** Marks a tree with the spellings of another one of the same shape. */
export function copySpelling(from: unknown, to: unknown): void {
  if (typeof from !== 'object' || from === null || typeof to !== 'object' || to === null) return
  for (const [key, item] of spelledEntries(from)) {
    const value = (to as Record<string, unknown>)[key]
    if (!(item instanceof Spelled)) copySpelling(item, value)
    else if (['number', 'bigint', 'boolean'].includes(typeof value))
      setSpelled(to, key, new Spelled(value as Scalar, item.text))
  }
}
