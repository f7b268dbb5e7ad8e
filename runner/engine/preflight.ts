import { Skip, TargetError } from '../contracts/errors.ts'
import { checkServices } from '../plan/check/services.ts'
import { standingSteps } from '../plan/standing.ts'
import { faultsOfCase } from '../plan/walk.ts'
import { bindTargetOf, measure, type World } from './world.ts'

/** Asks every fault of the case whether the target can, before anything is changed. Throws a Skip with the reason. */
export async function preflight(world: World, signal: AbortSignal): Promise<void> {
  refuseUnknownServices(world)
  const bound = bindTargetOf(world, signal)
  try {
    const context = { target: bound.target, signal, measure: (text: string) => measure(world.kase.target, text) }
    for (const { kind, params, options } of faultsOfCase(world.kase, world.hands.kinds)) {
      const why = await kind.preflight?.(params, context, options)
      if (why !== undefined) throw new Skip(why, 'unavailable')
    }
  } finally {
    bound.release()
  }
}

/** Where targets.yaml does not declare the services, an unknown one is found now, before anything is changed. */
function refuseUnknownServices({ kase, runtime, hands }: World): void {
  const target = { ...kase.target, services: runtime.names() }
  const steps = [...standingSteps(kase, hands.kinds)]
  const [unknown] = checkServices({ ...kase, target }, hands.kinds, steps).filter(({ level }) => level === 'error')
  if (unknown) throw new TargetError(unknown.message, { details: { place: unknown.place } })
}
