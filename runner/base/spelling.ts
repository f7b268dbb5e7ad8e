/**
 * Where a place wants text, a scalar keeps the spelling it was written with: `3.10`, `0777`, `+49…`, `True`. Plain trees
 * hold the value and beside it a mark with the spelling, where that differs from the usual one. Names of
 * expressions hold a `Spelled` in its place, so that a spelling survives `for-each`, `matrix` and variables.
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
/** What holds a `Spelled` somewhere, and what is made when it is asked for and may be one. */
const wrapping = new WeakSet<object>()

/** Sets a member of a plain mapping or list: a `Spelled` becomes its value, and its spelling is marked. */
export function setPlain(holder: object, key: string | number, value: unknown): void {
  define(holder, key, value instanceof Spelled ? value.value : value)
  if (!(value instanceof Spelled)) return
  const known = marks.get(holder) ?? new Map<string, string>()
  marks.set(holder, known.set(String(key), value.text))
}

/** Sets a member of a mapping or list of names: a `Spelled` stays one. */
export function setName(holder: object, key: string | number, value: unknown): void {
  define(holder, key, value)
  if (value instanceof Spelled || (isObject(value) && wrapping.has(value))) wrapping.add(holder)
}

/** Says that members of these names are made when they are asked for. */
export function areMadeLate(names: object): void {
  wrapping.add(names)
}

function define(holder: object, key: string | number, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true })
}

/** A member of a plain mapping or list: a `Spelled` where it has a spelling of its own. */
export function spelledAt(holder: object, key: string | number): unknown {
  const value = (holder as Record<string | number, unknown>)[key]
  const text = marks.get(holder)?.get(String(key))
  return text === undefined ? value : new Spelled(value as Scalar, text)
}

/** The members of a plain mapping or list, each in its spelling. */
export function spelledEntries(holder: object): [key: string, value: unknown][] {
  return Object.keys(holder).map((key) => [key, spelledAt(holder, key)])
}

/** A plain tree as names: each marked scalar becomes a `Spelled`. */
export function withSpelling(tree: unknown): unknown {
  return copied(tree, spelledAt, setName)
}

/** Names as a plain tree: each `Spelled` becomes its value and a mark. What holds none stays the same object. */
export function withoutSpelling(tree: unknown): unknown {
  if (tree instanceof Spelled) return tree.value
  return isObject(tree) && wrapping.has(tree) ? copied(tree, memberOf, setPlain) : tree
}

function copied(
  tree: unknown,
  member: (holder: object, key: string) => unknown,
  set: (holder: object, key: string, value: unknown) => void,
): unknown {
  if (!isObject(tree) || !isPlain(tree)) return tree
  const copy = Array.isArray(tree) ? [] : {}
  for (const key of Object.keys(tree)) {
    const item = member(tree, key)
    set(copy, key, item instanceof Spelled ? item : copied(item, member, set))
  }
  return copy
}

function memberOf(holder: object, key: string): unknown {
  return (holder as Record<string, unknown>)[key]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))
}
