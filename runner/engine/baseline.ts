/** What must hold before the first step and again after restore: the plan's conditions, and the health services had before. */
import { makeCondition } from '../condition.ts'
import { CheckFailure, isError, messageOf, TargetError } from '../contracts/errors.ts'
import { withCondition } from '../contracts/params.ts'
import type { Condition } from '../contracts/probe.ts'
import { placeOf } from '../contracts/source.ts'
import type { ServiceState } from '../contracts/target.ts'
import { bind } from '../plan/bind.ts'
import { waitFor } from '../wait.ts'
import { probeContextOf } from './context.ts'
import { bindTargetOf, limitOf, type World } from './world.ts'

const HOLDS_AGAIN_WITHIN = '60s'

export interface Baseline {
  /** Throws a CheckFailure when something does not hold again within a minute. */
  again(world: World): Promise<void>
}

/** Waits for the baseline before the first step. Unmet, nothing was changed, so it is the environment's fault. */
export async function baselineOf(world: World, signal: AbortSignal): Promise<Baseline> {
  const conditions = world.kase.plan.baseline.map((plain) => conditionOf(plain, world))
  try {
    await holdsAll(conditions, world, signal, limitOf(world.kase.target, undefined, 'within', '30s'))
  } catch (error) {
    if (!isError(error, 'check')) throw error
    throw new TargetError(`the baseline does not hold, so nothing was done: ${messageOf(error)}`, {
      details: error.details,
    })
  }
  const before = await statesOf(world)
  return {
    again: async (now) => {
      const patience = new AbortController().signal
      const limit = limitOf(now.kase.target, undefined, 'baseline', HOLDS_AGAIN_WITHIN)
      await holdsAll(conditions, now, patience, limit)
      await sameHealth(before, now, limit)
    },
  }
}

interface Asked {
  readonly condition: Condition
  /** A fingerprint is compared once: waiting can't make it right. */
  readonly once: boolean
}

function conditionOf(plain: object, world: World): Asked {
  const { kinds } = world.hands
  const bound = bind(withCondition({}), plain, world.roots, kinds) as object
  const place = placeOf(plain) ?? world.kase.plan.place
  const once = Object.keys(plain).some((key) => kinds.probes.get(key)?.once === true)
  return { condition: makeCondition(bound, place, { probes: kinds.probes }), once }
}

async function holdsAll(asked: readonly Asked[], world: World, signal: AbortSignal, limit: number): Promise<void> {
  const bound = bindTargetOf(world, signal)
  try {
    const context = { ...probeContextOf({ target: bound.target, signal }, world), isBaseline: true }
    for (const { condition, once } of asked) await waitFor(condition, { context, within: once ? 0 : limit, signal })
  } finally {
    bound.release()
  }
}

async function statesOf(world: World): Promise<Map<string, ServiceState>> {
  const states = new Map<string, ServiceState>()
  await Promise.all(
    world.runtime
      .names()
      .map(async (name) => states.set(name, await world.runtime.service(name).state({ health: true }))),
  )
  return states
}

async function sameHealth(before: Map<string, ServiceState>, world: World, limit: number): Promise<void> {
  const start = performance.now()
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const now = await statesOf(world)
    const worse = [...before].filter(([name, state]) => isWorse(state, now.get(name)))
    if (worse.length === 0) return
    if (performance.now() - start > limit)
      throw new CheckFailure(worse.map(([name, state]) => told(name, state, now.get(name))).join('; '))
    await Bun.sleep(pause)
  }
}

function isWorse(before: ServiceState, now: ServiceState | undefined): boolean {
  return now?.state !== before.state || (before.health === 'healthy' && now.health !== 'healthy')
}

function told(name: string, before: ServiceState, now: ServiceState | undefined): string {
  const words = (state: ServiceState | undefined) => (state ? [state.state, state.health].join(' and ') : 'gone')
  return `${name} was ${words(before)} before the first step and is ${words(now)} after restore`
}
