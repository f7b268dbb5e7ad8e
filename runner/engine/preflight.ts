import { Skip, TargetError } from '../contracts/errors.ts'
import type { PlainSteps } from '../contracts/params.ts'
import { placeOf } from '../contracts/source.ts'
import { checkServices } from '../plan/check/services.ts'
import { standingSteps } from '../plan/standing.ts'
import { evaluateFlag, type Names } from '../plan/values.ts'
import { faultsOfCase } from '../plan/walk.ts'
import { bindTargetOf, measure, type World } from './world.ts'

const NOWHERE = { file: '', path: [] }

/** Asks every fault that may come whether the target can, before anything is changed. Throws a Skip with the reason. */
export async function preflight(world: World, signal: AbortSignal): Promise<void> {
  refuseUnknownServices(world)
  const bound = bindTargetOf(world, signal)
  try {
    const context = { target: bound.target, signal, measure: (text: string) => measure(world.kase.target, text) }
    const faults = faultsOfCase(world.kase, world.hands.kinds, (step) => isOut(step, world.roots))
    for (const { kind, params, options } of faults) {
      const why = await kind.preflight?.(params, context, options)
      if (why !== undefined) throw new Skip(why, 'unavailable')
    }
  } finally {
    bound.release()
  }
}

/** Whether its `if` is false whatever the steps before it come to: services change, and captures are made later. */
function isOut(step: PlainSteps[number], { services: _changing, ...names }: Names): boolean {
  if (step['if'] === undefined) return false
  try {
    return !evaluateFlag(step['if'], names, placeOf(step) ?? NOWHERE)
  } catch {
    return false
  }
}

/** Checks the services and ports that targets.yaml does not list, before anything is changed. */
function refuseUnknownServices({ kase, runtime, hands }: World): void {
  const services = runtime.names()
  const portless = services.filter((name) => runtime.service(name).names().port === undefined)
  const target = { ...kase.target, services, portless }
  const steps = [...standingSteps(kase, hands.kinds)]
  const [unknown] = checkServices({ ...kase, target }, hands.kinds, steps).filter(({ level }) => level === 'error')
  if (unknown) throw new TargetError(unknown.message, { details: { place: unknown.place, hint: unknown.hint } })
}
