import type { Finding } from '../../contracts/errors.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt, placeOf } from '../../contracts/source.ts'
import { checkPieces } from './pieces.ts'
import type { Scope } from './scope.ts'

/** Expressions in the case's target: they are filled in when its stack comes up, before any step. */
export function checkTargetNames({ target }: Omit<Case, 'id'>, scope: Scope): Finding[] {
  const schema = scope.kinds.runtimes.get(target.runtime)?.params
  const place = placeOf(target.config) ?? target.place
  return Object.entries(target.config).flatMap(([key, value]) => {
    const own = (schema?.properties as Record<string, object> | undefined)?.[key]
    return checkPieces(own, value, placeAt(place, key), scope)
  })
}
