/** A condition: one probe and what is expected of its reading, or all, any, none of several. */
import type { Miss } from './contracts/errors.ts'
import type { Kinds } from './contracts/kinds.ts'
import type { Condition, Field, ProbeContext, ProbeKind, Reading, TakenReading, Verdict } from './contracts/probe.ts'
import { type Place, placeAt, placeOf } from './contracts/source.ts'
import type { Wake } from './contracts/target.ts'
import { ABSENT, fieldOf, select } from './jsonpath.ts'
import { meets, mismatch, shown } from './matchers.ts'

type Probes = Kinds['probes']
type Plain = Readonly<Record<string, unknown>>

/** Makes a condition of a bound mapping of the plan; keys that belong to no condition are passed over. */
export function makeCondition(plain: object, place: Place, kinds: { readonly probes: Probes }): Condition {
  const all = plain as Plain
  const group = (['all', 'any', 'none'] as const).find((key) => Array.isArray(all[key]))
  if (group) return groupOf(group, all[group] as object[], placeAt(place, group), kinds)
  const name = Object.keys(all).find((key) => kinds.probes.has(key))
  const probe = kinds.probes.get(name ?? '')
  if (!probe || name === undefined) throw new Error('there is no probe in this condition')
  const expected = expectationsOf(all, name, probe, place)
  const params = all[name]
  if (probe.each && Array.isArray(params))
    return groupOf(
      'all',
      params.map((one) => ({ ...all, [name]: one })),
      place,
      kinds,
    )
  return single(probe, params, expected, place)
}

/** What is expected, each with the place it is written at. */
interface Expected {
  readonly name: string
  readonly matcher: unknown
  readonly place: Place
}

function expectationsOf(all: Plain, name: string, probe: ProbeKind, place: Place): readonly Expected[] {
  const short = Object.entries(all).filter(([key]) => key !== name && key !== 'expect' && isField(key, probe))
  const expect = (all['expect'] ?? {}) as Plain
  const at = placeOf(expect) ?? placeAt(place, 'expect')
  const said = [
    ...short.map(([key, matcher]) => ({ name: key, matcher, place: placeAt(place, key) })),
    ...Object.entries(expect).map(([key, matcher]) => ({ name: key, matcher, place: placeAt(at, key) })),
  ]
  if (said.length > 0) return said
  return Object.entries(probe.bare ?? {}).map(([key, matcher]) => ({ name: key, matcher, place: placeAt(place, name) }))
}

/** Whether a key beside a probe is a field of its reading. */
export function isField(key: string, probe: ProbeKind): boolean {
  return (key.split('.')[0] ?? '') in probe.fields
}

function single(probe: ProbeKind, params: unknown, expected: readonly Expected[], place: Place): Condition {
  const names = probe.services?.(params) ?? []
  const namesState = expected.some(({ name }) => name === 'state' || name === 'exit')
  const subject = probe.subject?.(params) ?? probe.name
  return {
    place,
    says: `${subject}: ${expected.map(({ name, matcher }) => `${name} ${typeof matcher === 'object' ? 'as expected' : shown(matcher)}`).join(', ')}`,
    services: names.map((name) => ({ name, namesState })),
    check: async (context) => judge(probe, params, expected, place, context),
    watch: async (context, wake) =>
      (await probe.watch?.(params as never, context, wake)) ?? { [Symbol.asyncDispose]: async () => undefined },
  }
}

async function judge(
  probe: ProbeKind,
  params: unknown,
  expected: readonly Expected[],
  place: Place,
  context: ProbeContext,
): Promise<Verdict> {
  const taken = await probe.read(params as never, context)
  if ('untaken' in taken) {
    const reachable = unreached(expected, taken.untaken, place, probe.name)
    return reachable ?? { is: 'untaken', why: taken.untaken, place, readings: [] }
  }
  const reading: TakenReading = { ...taken, probe: probe.name }
  const unusual = unusualReading(probe, reading, expected)
  if (unusual) return { is: 'untaken', why: unusual, place, readings: [reading] }
  const misses = expected.flatMap((one) => missOf(reading, one, probe.fields))
  return misses.length === 0 ? { is: 'holds', readings: [reading] } : { is: 'fails', misses, readings: [reading] }
}

/** Being unreachable is itself a reading, for those who ask for it and for nothing else. */
function unreached(expected: readonly Expected[], why: string, place: Place, probe: string): Verdict | undefined {
  const asked = expected.length === 1 ? expected.find(({ name }) => name === 'reachable') : undefined
  if (!asked) return undefined
  const reading: TakenReading = { fields: { reachable: false }, says: why, probe }
  if (meets(asked.matcher, false)) return { is: 'holds', readings: [reading] }
  return { is: 'untaken', why, place, readings: [] }
}

/** `run` exits with 0 and `http` answers below 400, unless the plan says otherwise: else the reading counts as not taken. */
function unusualReading(probe: ProbeKind, reading: Reading, expected: readonly Expected[]): string | undefined {
  for (const [field, matcher] of Object.entries(probe.expects ?? {})) {
    if (expected.some(({ name }) => name === field || name === 'reachable')) continue
    const wrong = mismatch(matcher, fieldOf(reading.fields, field))
    if (wrong)
      return `${field} is ${wrong.actual}, expected ${wrong.expected} (say \`${field}:\` if another is meant); ${reading.says}`
  }
  return undefined
}

/** Checks a reading against a mapping of expectations, each located at its key. */
export function missesOf(
  reading: Reading,
  expectations: Plain,
  place: Place,
  fields: Readonly<Record<string, Field>>,
): Miss[] {
  const at = placeOf(expectations) ?? place
  return Object.entries(expectations).flatMap(([name, matcher]) =>
    missOf(reading, { name, matcher, place: placeAt(at, name) }, fields),
  )
}

function missOf(reading: Reading, { name, matcher, place }: Expected, fields: Readonly<Record<string, Field>>): Miss[] {
  if (name.startsWith('$') && reading.document === undefined)
    return [{ place, path: name, expected: expectedWords(matcher), actual: `not JSON: ${reading.says}` }]
  const actual = name.startsWith('$') ? select(name, reading.document) : fieldFor(reading, name, matcher)
  const field = fields[name.split('.')[0] ?? '']
  const how = { text: field?.type === 'text' || reading.text === true }
  if (meets(matcher, actual, how) || isEmptyLog(field, matcher, actual)) return []
  const words = mismatch(matcher, actual, how) ?? { expected: '', actual: '' }
  return [{ place, path: name, ...words, ...documents(matcher, actual) }]
}

function fieldFor(reading: Reading, name: string, matcher: unknown): unknown {
  const instead = reading.instead?.[name]
  const said = JSON.stringify(matcher) ?? ''
  return instead?.words.some((word) => said.includes(`"${word}"`)) ? instead.value : fieldOf(reading.fields, name)
}

/** A log that could be read and is empty holds no bad line: the one list whose emptiness shows something. */
function isEmptyLog(field: Field | undefined, matcher: unknown, actual: unknown): boolean {
  const only =
    typeof matcher === 'object' &&
    matcher !== null &&
    Object.keys(matcher).every((key) => key === 'none' || key === 'each')
  return field?.emptyHolds === true && only && Array.isArray(actual) && actual.length === 0
}

function expectedWords(matcher: unknown): string {
  return mismatch(matcher, ABSENT)?.expected ?? 'absent'
}

/** Two documents are shown as a diff. */
function documents(matcher: unknown, actual: unknown): Pick<Miss, 'values'> | undefined {
  const want = typeof matcher === 'object' && matcher !== null && 'equals' in matcher ? matcher.equals : matcher
  const isDocument = (value: unknown) =>
    (typeof value === 'object' && value !== null) || (typeof value === 'string' && value.includes('\n'))
  const meantEqual = Array.isArray(matcher) || want !== matcher
  return meantEqual && isDocument(want) && isDocument(actual) ? { values: { expected: want, actual } } : undefined
}

function groupOf(
  group: 'all' | 'any' | 'none',
  plains: readonly object[],
  place: Place,
  kinds: { probes: Probes },
): Condition {
  const inner = plains.map((plain, index) => makeCondition(plain, placeOf(plain) ?? placeAt(place, index), kinds))
  return {
    place,
    says: inner.map(({ says }) => says).join(group === 'any' ? ' or ' : '; '),
    services: inner.flatMap(({ services }) => services),
    check: async (context) => combine[group](await Promise.all(inner.map((one) => one.check(context))), inner, place),
    watch: async (context, wake) => watchAll(inner, context, wake),
  }
}

type Combine = (verdicts: readonly Verdict[], inner: readonly Condition[], place: Place) => Verdict

/** Three values: `none` of what could not be read is not satisfied. */
const combine: Readonly<Record<'all' | 'any' | 'none', Combine>> = {
  all: (verdicts) => {
    const readings = verdicts.flatMap((verdict) => verdict.readings)
    const misses = verdicts.flatMap((verdict) => (verdict.is === 'fails' ? verdict.misses : []))
    if (misses.length > 0) return { is: 'fails', misses, readings }
    return verdicts.find((verdict) => verdict.is === 'untaken') ?? { is: 'holds', readings }
  },
  any: (verdicts) => {
    const readings = verdicts.flatMap((verdict) => verdict.readings)
    if (verdicts.some((verdict) => verdict.is === 'holds')) return { is: 'holds', readings }
    const misses = verdicts.flatMap((verdict) => (verdict.is === 'fails' ? verdict.misses : []))
    return verdicts.find((verdict) => verdict.is === 'untaken') ?? { is: 'fails', misses, readings }
  },
  none: (verdicts, inner) => {
    const readings = verdicts.flatMap((verdict) => verdict.readings)
    const misses = verdicts.flatMap((verdict, index) =>
      verdict.is === 'holds' ? [heldMiss(inner[index] as Condition)] : [],
    )
    if (misses.length > 0) return { is: 'fails', misses, readings }
    return verdicts.find((verdict) => verdict.is === 'untaken') ?? { is: 'holds', readings }
  },
}

function heldMiss(condition: Condition): Miss {
  return { place: condition.place, path: condition.says, expected: 'not to hold', actual: 'it holds' }
}

async function watchAll(inner: readonly Condition[], context: ProbeContext, wake: Wake): Promise<AsyncDisposable> {
  const subscribed = await Promise.all(inner.map((one) => one.watch(context, wake)))
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(subscribed.map((one) => one[Symbol.asyncDispose]()))
    },
  }
}
