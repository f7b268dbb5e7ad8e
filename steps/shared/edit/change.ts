/** An edit of a document as plain values, to prove that the edit of its text is that and nothing else. */
import { plainValue } from '../../../runner/base/plain.ts'
import { setSpelled, unspelled } from '../../../runner/base/spelling.ts'
import { CheckFailure } from '../../../runner/contracts/errors.ts'

export type Keys = readonly (string | number)[]
/** `undefined` removes; a scalar that is spelled unusually is a `Spelled`. */
export type Edit = readonly [path: Keys, value: unknown]

/** Text between two offsets is replaced. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

export function spliced(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.from - a.from)
    .reduce((edited, { from, to, text: piece }) => edited.slice(0, from) + piece + edited.slice(to), text)
}

/** Throws a CheckFailure unless `after` is `before` with that edit. */
export function demandOnly([path, value]: Edit, before: unknown, after: unknown): void {
  const expected = withEdit(plainValue(before), path, unspelled(value))
  if (Bun.deepEquals(plainValue(after) ?? {}, expected ?? {}, true)) return
  throw new CheckFailure(`${pathText(path)} can't be edited without changing more than that`, {
    hint: 'an anchor or a tag may stand there: give the whole `content`, or use a command',
  })
}

/** A list is made for an index, a mapping for a name. */
export function withEdit(plain: unknown, [key, ...rest]: Keys, value: unknown): unknown {
  if (key === undefined) return value === undefined ? undefined : plainValue(value)
  const holder = typeof plain === 'object' && plain !== null ? plain : typeof key === 'number' ? [] : {}
  const old = (holder as Record<string | number, unknown>)[key]
  if (value === undefined && (rest.length === 0 || typeof old !== 'object' || old === null))
    return rest.length > 0 ? plain : without(holder, key)
  const made = withEdit(old, rest, value)
  if (Array.isArray(holder)) return holder.toSpliced(Number(key), 1, made)
  return { ...holder, [key]: made }
}

function without(holder: object, key: string | number): unknown {
  if (Array.isArray(holder)) return holder.toSpliced(Number(key), 1)
  return Object.fromEntries(Object.entries(holder).filter(([name]) => name !== String(key)))
}

export function pathText(path: Keys): string {
  const one = (key: string | number) =>
    typeof key === 'number' ? `[${key}]` : /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  return `$${path.map(one).join('')}`
}

/** The value with its missing parents, from the key after `from` on. */
export function nested(path: Keys, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => {
    if (typeof key === 'number' && key !== 0)
      throw new CheckFailure(`there is no list for ${pathText(path)}`, { hint: 'set the whole list' })
    return holding(key, inner)
  }, value)
}

/** An index of a list that has `length` items; that after the last one adds an item. */
export function indexIn(length: number, key: string | number, path: Keys): number {
  if (typeof key !== 'number') throw new CheckFailure(`${pathText(path)} is in a list, which has no names`)
  const index = key < 0 ? length + key : key
  if (index >= 0 && index <= length) return index
  throw new CheckFailure(`${pathText(path)} is not there: the list has ${length} items`)
}

/** A mapping with this member, or a list with this item, which keeps its spelling. */
export function holding(key: string | number, value: unknown): object {
  const holder = typeof key === 'number' ? [] : {}
  setSpelled(holder, typeof key === 'number' ? 0 : key, value)
  return holder
}
