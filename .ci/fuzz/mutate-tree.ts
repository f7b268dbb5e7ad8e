/** Changes of the tree of a plan: a mapping where a list is expected, an expression where a mapping is, and so on. */
import type { Random } from './random.ts'

type Holder = unknown[] | Record<string, unknown>
interface Spot {
  readonly holder: Holder
  readonly key: string
}

const LONG = 5_000

/** Replacements for a node. */
const values: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => '',
  () => ' ',
  () => 5,
  () => -1,
  () => 0.5,
  () => 99_999_999_999,
  () => 10n ** 40n,
  () => Number.POSITIVE_INFINITY,
  () => Number.NaN,
  () => true,
  () => false,
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  () => [{}],
  () => ({ a: null }),
  () => ({ '': '' }),
  () => ({ $: 1 }),
  () => ({ '$.a[': 1 }),
  () => '${{ x }}',
  () => '${{ inputs.x }}',
  () => '${{ [1, 2] }}',
  () => ['${{ x }}'],
  () => ({ '${{ x }}': '${{ y }}' }),
  () => '${{',
  () => '$${{ x }}',
  () => '{{ x }}',
  () => '$.a[',
  () => '$',
  () => 'a: b',
  () => 'http://[/',
  () => 'web:99999',
  () => '(',
  () => '*'.repeat(60),
  () => '99999999999h',
  () => '9'.repeat(400),
  () => 'constructor',
  () => 'toString',
  () => 'x'.repeat(LONG),
  () => 'wait-fro '.repeat(LONG / 9),
  () => Array.from({ length: 300 }, (_, at) => at),
  () => Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${at}`, at])),
  (random) => nested(5 + random.below(80)),
]

/** Replacements for a key. */
const keys: readonly string[] = [
  '',
  ' ',
  '0',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$.a[',
  '$',
  '${{ x }}',
  'all',
  'any',
  'none',
  'expect',
  'steps',
  'name',
  'if',
  'x'.repeat(LONG),
  'a.b',
  'a/b',
  'a~1b',
  '%41',
  '%',
  'é',
  '\u0000',
  '-1',
  'plan',
  'fragment',
]

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { all: value }
  return value
}

/** Changes a plain tree in place. */
export function mutateTree(tree: Holder, random: Random): void {
  for (let times = random.next() < 0.7 ? 1 : 1 + random.below(4); times > 0; times--) {
    const spots = [...spotsOf(tree)]
    if (spots.length === 0) return
    random.of(changes)(random.of(spots), spots, random)
  }
}

const changes: readonly ((spot: Spot, all: readonly Spot[], random: Random) => void)[] = [
  ({ holder, key }, _all, random) => set(holder, key, random.of(values)(random)),
  ({ holder, key }, _all, random) => set(holder, key, random.of(values)(random)),
  ({ holder, key }) => remove(holder, key),
  ({ holder, key }, all, random) => {
    const { holder: other, key: from } = random.of(all)
    set(holder, key, structuredClone(get(other, from)))
  },
  ({ holder, key }, all, random) => {
    const { holder: other, key: from } = random.of(all)
    const [one, two] = [structuredClone(get(holder, key)), structuredClone(get(other, from))]
    set(holder, key, two)
    set(other, from, one)
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.push(structuredClone(get(holder, key)))
    else holder[`${key}2`] = structuredClone(get(holder, key))
  },
  ({ holder, key }, _all, random) => rename(holder, key, random.of(keys)),
  ({ holder, key }, all, random) => rename(holder, key, random.of(all).key),
  ({ holder, key }, all, random) => {
    const { holder: other, key: from } = random.of(all)
    if (!Array.isArray(holder) && !Array.isArray(other)) holder[from] = structuredClone(other[from])
    else set(holder, key, [get(holder, key)])
  },
  ({ holder, key }) => set(holder, key, [get(holder, key)]),
  ({ holder, key }) => set(holder, key, { [key]: get(holder, key) }),
  ({ holder, key }, _all, random) => {
    const value = get(holder, key)
    if (typeof value !== 'string') return
    set(holder, key, random.next() < 0.5 ? `\${{ ${value} }}` : value.slice(random.below(value.length)))
  },
]

function* spotsOf(node: unknown): Generator<Spot> {
  if (typeof node !== 'object' || node === null) return
  for (const key of Object.keys(node)) {
    yield { holder: node as Holder, key }
    yield* spotsOf(get(node as Holder, key))
  }
}

function get(holder: Holder, key: string): unknown {
  return (holder as Record<string, unknown>)[key]
}

function set(holder: Holder, key: string, value: unknown): void {
  ;(holder as Record<string, unknown>)[key] = value
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete holder[key]
}

/** In its place, so that the order stays. */
function rename(holder: Holder, key: string, to: string): void {
  if (Array.isArray(holder)) return
  const members = Object.entries(holder).map(([name, value]) => [name === key ? to : name, value] as const)
  for (const name of Object.keys(holder)) delete holder[name]
  for (const [name, value] of members) holder[name] = value
}
