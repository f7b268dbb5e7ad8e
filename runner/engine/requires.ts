import { makeCondition } from '../condition.ts'
import { Skip } from '../contracts/errors.ts'
import { withCondition } from '../contracts/params.ts'
import type { Requirement } from '../contracts/plan.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import { bind } from '../plan/bind.ts'
import { evaluateFlag } from '../plan/values.ts'
import { probeContextOf } from './context.ts'
import { bindTargetOf, type World } from './world.ts'

/** Throws a Skip for the first prerequisite that is not met; whatever could not be read is not met either. */
export async function checkRequirements(world: World, signal: AbortSignal): Promise<void> {
  for (const requirement of world.kase.plan.requires) {
    if (!applies(requirement, world)) continue
    const unmet =
      requirement.input === undefined
        ? await unmetCondition(requirement, world, signal)
        : unmetInput(requirement, world)
    if (unmet === undefined) continue
    const see = requirement.see === undefined ? '' : ` (see ${requirement.see})`
    throw new Skip(`${requirement.reason ?? unmet}${see}`, requirement.class ?? 'unavailable')
  }
}

function applies(requirement: Requirement, world: World): boolean {
  if (requirement.if === undefined) return true
  return evaluateFlag(requirement.if, world.roots, placeAt(placeOf(requirement) ?? world.kase.plan.place, 'if'))
}

function unmetInput(requirement: Requirement, world: World): string | undefined {
  const value = world.kase.inputs[requirement.input ?? '']
  return value === undefined || value === null ? `input "${requirement.input}" was not given` : undefined
}

async function unmetCondition(
  requirement: Requirement,
  world: World,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { input, if: when, class: skipClass, reason, see, ...plain } = requirement
  const { kinds } = world.hands
  const place = placeOf(requirement) ?? world.kase.plan.place
  const condition = makeCondition(bind(withCondition({}), plain, world.roots, kinds) as object, place, {
    probes: kinds.probes,
  })
  const bound = bindTargetOf(world, signal)
  try {
    const verdict = await condition.check(probeContextOf({ target: bound.target, signal }, world))
    if (verdict.is === 'holds') return undefined
    if (verdict.is === 'untaken') return `${condition.says}: ${verdict.why}`
    const [miss] = verdict.misses
    return miss
      ? `${condition.says}: ${miss.path} is ${miss.actual}, expected ${miss.expected}`
      : `${condition.says} does not hold`
  } finally {
    bound.release()
  }
}
