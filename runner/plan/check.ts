/** What is wrong with a case before anything runs, beyond its shape. */
import type { Finding } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case } from '../contracts/plan.ts'
import { checkCircles } from './check/circles.ts'
import { checkFragments } from './check/fragments.ts'
import { checkIds } from './check/ids.ts'
import { checkKeys } from './check/keys.ts'
import { checkNames } from './check/names.ts'
import { checkOverlaps } from './check/overlaps.ts'
import { checkProtected } from './check/protected.ts'
import { checkRestores } from './check/restores.ts'
import { checkServices } from './check/services.ts'
import { standingSteps } from './standing.ts'

export { effectOfCase, effectOfSteps } from './effects.ts'

export function checkCase(kase: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const steps = [...standingSteps(kase, kinds)]
  return [
    checkNames,
    checkCircles,
    checkKeys,
    checkIds,
    checkServices,
    checkOverlaps,
    checkRestores,
    checkFragments,
    checkProtected,
  ].flatMap((check) => check(kase, kinds, steps))
}
