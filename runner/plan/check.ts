/** What is wrong with a case before anything runs, beyond its shape; and what it does to its target. */
import type { Finding } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Case } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import type { Effect } from '../contracts/step.ts'
import { checkFragments } from './check/fragments.ts'
import { checkNames } from './check/names.ts'
import { checkOverlaps } from './check/overlaps.ts'
import { checkProtected } from './check/protected.ts'
import { checkRestores } from './check/restores.ts'
import { checkServices } from './check/services.ts'
import { everyStep, parts, stepParts, stepsOfCase } from './walk.ts'

type Unnumbered = Omit<Case, 'id'>

export function checkCase(kase: Unnumbered, kinds: Kinds): Finding[] {
  return [
    ...checkNames(kase, kinds),
    ...checkServices(kase, kinds),
    ...checkOverlaps(kase, kinds),
    ...checkRestores(kase, kinds),
    ...checkFragments(kase, kinds),
    ...checkProtected(kase, kinds),
  ]
}

const ORDER: readonly Effect[] = ['none', 'reads', 'changes', 'breaks']

/** The most that any step of a case does. */
export function effectOfCase(kase: Pick<Case, 'plan'>, kinds: Kinds): Effect {
  return most([...stepsOfCase(kase, kinds)].map((step) => effectOfStep(step, kinds)))
}

/** The most that any of these steps does, those inside of them included. */
export function effectOfSteps(steps: PlainSteps, kinds: Kinds): Effect {
  return most([...everyStep(steps, kinds)].map((step) => effectOfStep(step, kinds)))
}

/** That of the kind or of a probe in it, whichever is more. */
function effectOfStep(step: PlainSteps[number], kinds: Kinds): Effect {
  const { kind, params, place } = stepParts(step, kinds)
  const known = kinds.steps.get(kind)
  if (!known) return 'none'
  const own = typeof known.effect === 'function' ? known.effect(params) : known.effect
  const probes = [...parts(known.params, params, placeAt(place, kind), kinds)].flatMap(({ place: at, value }) => {
    const probe = kinds.probes.get(String(at.path.at(-1)))
    return probe?.effect && at.path.length > place.path.length + 1 ? [probe.effect(value as never)] : []
  })
  return most([own, ...probes])
}

function most(effects: readonly Effect[]): Effect {
  return effects.reduce<Effect>((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'none')
}
