import { Skip } from '../contracts/errors.ts'
import { faultsOfCase } from '../plan/walk.ts'
import { bindTargetOf, measure, type World } from './world.ts'

/** Asks every fault of the case whether the target can, before anything is changed. Throws a Skip with the reason. */
export async function preflight(world: World, signal: AbortSignal): Promise<void> {
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
