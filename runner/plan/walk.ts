/** Finds the parts of a raw step, and what each piece of its params means. */
import { clip } from '../base/brief.ts'
import { Spelled, spelledEntries } from '../base/spelling.ts'
import type { FaultKind } from '../contracts/fault.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Meaning, PlainSteps } from '../contracts/params.ts'
import type { Case, CommonKeys } from '../contracts/plan.ts'
import type { ProbeKind } from '../contracts/probe.ts'
import { type Place, placeAt, placeOf } from '../contracts/source.ts'
import type { Fragment } from '../contracts/step.ts'

/** Keys that may stand beside any step kind. */
export const commonKeys = [
  'name',
  'id',
  'if',
  'timeout',
  'capture',
  'expect',
  'undo',
  'verify',
  'continue-on-error',
  'for-each',
  'repeat',
] as const

export interface StepParts {
  readonly kind: string
  readonly params: unknown
  readonly common: CommonKeys
  /** Of the whole step. */
  readonly place: Place
  /** Its `name`, else kind and subject. */
  readonly title: string
}

/** The parts of a step; validation saw to it that there is exactly one kind. */
export function stepParts(raw: PlainSteps[number], kinds: Kinds): StepParts {
  const kind = Object.keys(raw).find((key) => kinds.steps.has(key)) ?? ''
  const common = Object.fromEntries(Object.entries(raw).filter(([key]) => key !== kind)) as CommonKeys
  const place = placeOf(raw) ?? { file: '', path: [] }
  return { kind, params: raw[kind], common, place, title: common.name ?? titleOf(kind, raw[kind]) }
}

function titleOf(kind: string, params: unknown): string {
  const subject = subjectOf(params)
  return subject === '' ? kind : `${kind} ${subject}`
}

/** The first words that tell what a step is about. */
function subjectOf(params: unknown): string {
  if (typeof params !== 'object' || params === null || params instanceof Spelled) return cut(String(params ?? ''))
  if (Array.isArray(params)) return typeof params[0] === 'object' ? '' : cut(spelledWords(params).join(' '))
  const [first] = spelledEntries(params)
  if (first === undefined) return ''
  const [key, value] = first
  if (key === 'all' || key === 'any' || key === 'none') {
    const inner = Array.isArray(value) ? value.map((one) => subjectOf(one)) : []
    return cut(`${key} of ${inner.join(', ')}`)
  }
  return cut(`${key} ${subjectOf(value)}`.trim())
}

function spelledWords(words: readonly unknown[]): string[] {
  return spelledEntries(words).map(([, word]) => String(word))
}

function cut(text: string): string {
  const [line = ''] = text.split('\n')
  return line.length > 70 ? clip(line, 69) : line
}

/** A piece of raw params with what it means. */
export interface Part {
  readonly value: unknown
  readonly place: Place
  readonly is: Meaning | undefined
  /** What stands here is the value of this probe. */
  readonly probe?: ProbeKind | undefined
}

interface Schema {
  readonly 'x-is'?: Meaning
  readonly 'x-slot'?: 'condition' | 'fault'
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
}

export type AnySchema = object | undefined

/** Every scalar and every meaningful piece; goes into conditions and faults, but not into nested steps. */
export function parts(schema: AnySchema, value: unknown, place: Place, kinds: Kinds): Generator<Part> {
  return partsOf({ value, place, is: (schema as Schema | undefined)?.['x-is'] }, schema, kinds)
}

function* partsOf(part: Part, schema: AnySchema, kinds: Kinds): Generator<Part> {
  const { value, place, is } = part
  yield part
  if (is === 'steps' || typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    const index = Array.isArray(value) ? Number(key) : undefined
    const inner = index === undefined ? memberSchema(schema, key, value, kinds) : itemSchema(schema)
    const probe = index === undefined ? kinds.probes.get(key) : undefined
    const found = { value: item, place: placeAt(place, index ?? key), is: (inner as Schema | undefined)?.['x-is'] }
    yield* partsOf(probe && inner === probe.params ? { ...found, probe } : found, inner, kinds)
  }
}

/** The schema of one member of a mapping, with the slots filled in. */
export function memberSchema(schema: AnySchema, key: string, within: object, kinds: Kinds): AnySchema {
  const own = (schema ?? {}) as Schema
  if (own.properties?.[key]) return own.properties[key]
  if (own['x-slot'] === 'fault') return faultMember(key, within, kinds)
  if (own['x-slot'] === 'condition' || own['x-is'] === 'condition') return conditionMember(key, kinds)
  return typeof own.additionalProperties === 'object' ? own.additionalProperties : undefined
}

/** The schema of the items of a list. A command's words are no commands. */
export function itemSchema(schema: AnySchema): AnySchema {
  const own = (schema ?? {}) as Schema
  if (own['x-is'] === 'command') return undefined
  return own.items
}

const EXPECT: Schema = { 'x-is': 'expectations' }
const CONDITIONS: Schema = { 'x-is': 'conditions', items: { 'x-is': 'condition' } }

function conditionMember(key: string, kinds: Kinds): AnySchema {
  if (key === 'all' || key === 'any' || key === 'none') return CONDITIONS
  return key === 'expect' ? EXPECT : kinds.probes.get(key)?.params
}

function faultMember(key: string, within: object, kinds: Kinds): AnySchema {
  const kind = kinds.faults.get(key)
  if (kind) return kind.params
  const name = Object.keys(within).find((one) => kinds.faults.has(one)) ?? ''
  return kinds.faults.get(name)?.options[key]
}

/** The one fault that stands in a mapping, with its options. */
export function faultIn(
  plain: object,
  kinds: Kinds,
): { kind: FaultKind; params: unknown; options: Record<string, unknown> } {
  const all = plain as Record<string, unknown>
  const name = Object.keys(all).find((key) => kinds.faults.has(key))
  const kind = kinds.faults.get(name ?? '')
  if (!kind || name === undefined) throw new Error('there is no fault in this mapping')
  const options = Object.fromEntries(Object.entries(all).filter(([key]) => key !== name && key in kind.options))
  return { kind, params: all[name], options }
}

/** Lists of steps inside a step's params. */
export function nestedSteps(raw: PlainSteps[number], kinds: Kinds): PlainSteps[] {
  const kind = Object.keys(raw).find((key) => kinds.steps.has(key)) ?? ''
  const schema = kinds.steps.get(kind)?.params
  if (!holdsSteps(schema)) return []
  const { params, place } = stepParts(raw, kinds)
  return [...parts(schema, params, placeAt(place, kind), kinds)].flatMap(({ is, value }) =>
    is === 'steps' && Array.isArray(value) ? [value as PlainSteps] : [],
  )
}

const holding = new WeakMap<object, boolean>()

/** Only `group` and its like do, and a plan of many steps is walked often. */
function holdsSteps(schema: AnySchema): boolean {
  if (schema === undefined) return false
  const known = holding.get(schema) ?? JSON.stringify(schema).includes('"x-is":"steps"')
  holding.set(schema, known)
  return known
}

type LeftOut = (step: PlainSteps[number]) => boolean

/** Every step of a list, those inside of others included, in the order they are written; what is in one that is left out goes with it. */
export function* everyStep(steps: PlainSteps, kinds: Kinds, leftOut?: LeftOut): Generator<PlainSteps[number]> {
  for (const step of steps) {
    if (leftOut?.(step)) continue
    yield step
    for (const inner of nestedSteps(step, kinds)) yield* everyStep(inner, kinds, leftOut)
  }
}

/** Every step of a case, those of its fragments included, and those of theirs; none of a fragment is left out, since it sees other names. */
export function* stepsOfCase(
  { plan }: Pick<Case, 'plan'>,
  kinds: Kinds,
  leftOut?: LeftOut,
): Generator<PlainSteps[number]> {
  for (const list of [plan.steps, plan.onFailure, plan.always, plan.lastResort]) yield* everyStep(list, kinds, leftOut)
  yield* stepsOfFragments(plan.fragments, kinds)
}

function* stepsOfFragments(fragments: ReadonlyMap<string, Fragment>, kinds: Kinds): Generator<PlainSteps[number]> {
  for (const { steps, fragments: inner = new Map() } of fragments.values()) {
    yield* everyStep(steps, kinds)
    yield* stepsOfFragments(inner, kinds)
  }
}

/** Every fault of a case, raw. */
export function* faultsOfCase(
  kase: Pick<Case, 'plan'>,
  kinds: Kinds,
  leftOut?: LeftOut,
): Generator<ReturnType<typeof faultIn>> {
  for (const step of stepsOfCase(kase, kinds, leftOut)) {
    const { kind, params } = stepParts(step, kinds)
    const schema = kinds.steps.get(kind)?.params as Schema | undefined
    if (schema?.['x-slot'] === 'fault' && typeof params === 'object' && params !== null) yield faultIn(params, kinds)
  }
}
