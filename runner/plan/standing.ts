/** Every step of a case where it stands: those inside of others, and those of fragments in place of their `use`. */
import { shaped } from '../base/shaped.ts'
import type { Phase } from '../contracts/events.ts'
import type { FaultKind } from '../contracts/fault.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Case, Plan } from '../contracts/plan.ts'
import type { Effect, Fragment, StepKind } from '../contracts/step.ts'
import { faultIn, nestedSteps, type StepParts, stepParts } from './walk.ts'

/** A step with what is known of it. */
export interface KnownStep extends StepParts {
  readonly raw: PlainSteps[number]
  readonly known: StepKind | undefined
  /** The fragment it brings in. */
  readonly fragment?: Fragment | undefined
  /** It, or what it is inside of, runs only `if` something is so. */
  readonly conditional: boolean
}

export interface Standing extends KnownStep {
  /** Where it stands, behind the `use` that brought it in: `steps/2`, `steps/3/steps/0`. The engine gives the same ids. */
  readonly id: string
  readonly parent?: string | undefined
  readonly phase: Phase
}

export const phases = [
  ['steps', 'steps'],
  ['onFailure', 'on-failure'],
  ['always', 'always'],
  ['lastResort', 'last-resort'],
] as const satisfies readonly (readonly [keyof Plan, Phase])[]

/** In the order in which they would run. */
export function* standingSteps({ plan }: Pick<Case, 'plan'>, kinds: Kinds): Generator<Standing> {
  for (const [list, phase] of phases)
    yield* standing(plan[list], { kinds, phase, prefix: '', fragments: plan.fragments, conditional: false })
}

interface Around {
  readonly kinds: Kinds
  /** By the path as it is written. */
  readonly fragments: ReadonlyMap<string, Fragment>
  readonly conditional: boolean
}

export function knownStep(raw: PlainSteps[number], { kinds, fragments, conditional }: Around): KnownStep {
  const parts = stepParts(raw, kinds)
  const known = kinds.steps.get(parts.kind)
  const include = known?.includes?.(parts.params)
  const fragment = include && fragments.get(include.path)
  return { ...parts, raw, known, fragment, conditional: conditional || parts.common.if !== undefined }
}

interface Standpoint extends Around {
  readonly phase: Phase
  readonly prefix: string
  readonly parent?: string
}

/** These steps and those inside of them; ids begin with `prefix`. */
export function* standing(steps: PlainSteps, around: Standpoint): Generator<Standing> {
  for (const raw of steps) {
    const step = knownStep(raw, around)
    const id = `${around.prefix}${step.place.path.join('/')}`
    yield { ...step, id, parent: around.parent, phase: around.phase }
    const inside = { ...around, conditional: step.conditional, parent: id }
    for (const inner of nestedSteps(raw, around.kinds)) yield* standing(inner, inside)
    if (step.fragment) {
      const { steps: brought, fragments = new Map() } = step.fragment
      yield* standing(brought, { ...inside, prefix: `${id}/`, fragments })
    }
  }
}

/** What a step does to its target, by its kind alone. */
export function effectOf({ known, params }: Pick<Standing, 'known' | 'params'>): Effect {
  if (!known) return 'none'
  return typeof known.effect === 'function' ? known.effect(params) : known.effect
}

export interface Fault {
  readonly kind: FaultKind
  readonly params: unknown
  readonly options: Readonly<Record<string, unknown>>
}

/** The fault that a step injects; undefined for any other step. */
export function faultOf({ known, params }: Pick<Standing, 'known' | 'params'>, kinds: Kinds): Fault | undefined {
  const isSlot = (known?.params as { 'x-slot'?: string } | undefined)?.['x-slot'] === 'fault'
  if (!isSlot || typeof params !== 'object' || params === null) return undefined
  const fault = faultIn(params, kinds)
  const options = shaped({ type: 'object', properties: fault.kind.options }, fault.options)
  return { ...fault, params: shaped(fault.kind.params, fault.params), options: options as Fault['options'] }
}
