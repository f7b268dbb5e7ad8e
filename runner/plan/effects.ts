/** What steps do to their target: the most of them decides about the lock and `--check`. */
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Case } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import type { Effect, Fragment } from '../contracts/step.ts'
import { effectOf, type Standing, standing, standingSteps } from './standing.ts'
import { parts } from './walk.ts'

const ORDER: readonly Effect[] = ['none', 'reads', 'changes', 'breaks']

/** The most that any step of a case does. */
export function effectOfCase(kase: Pick<Case, 'plan'>, kinds: Kinds): Effect {
  return most([...standingSteps(kase, kinds)].map((step) => effectOfStep(step, kinds)))
}

/** The most that any of these steps does, those inside of them included; `fragments` are those of their file. */
export function effectOfSteps(
  steps: PlainSteps,
  kinds: Kinds,
  fragments: ReadonlyMap<string, Fragment> = new Map(),
): Effect {
  const around = { kinds, fragments, phase: 'steps', prefix: '', conditional: false } as const
  return most([...standing(steps, around)].map((step) => effectOfStep(step, kinds)))
}

/** That of the kind or of a probe in it, whichever is more. */
function effectOfStep(step: Standing, kinds: Kinds): Effect {
  const pieces = parts(step.known?.params, step.params, placeAt(step.place, step.kind), kinds)
  const probes = [...pieces].flatMap(({ probe, value }) => (probe?.effect ? [probe.effect(value as never)] : []))
  return most([effectOf(step), ...probes])
}

function most(effects: readonly Effect[]): Effect {
  return effects.reduce<Effect>((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'none')
}
