/** The modifiers of a step: `for-each` → `repeat` → `if` (each time) → the step. */
import { exactJson } from '../base/exact-json.ts'
import { Spelled, spelledEntries, spelledList } from '../base/spelling.ts'
import { PlanError } from '../contracts/errors.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import { bindSpelled, bindValue } from '../plan/bind.ts'
import { MOST_ROUNDS, tooManyRounds } from '../plan/check/rounds.ts'
import { gatheredFrom } from '../plan/gathered.ts'
import type { Flow, Planned, StepEnd } from './flow.ts'
import { runStep } from './one-step.ts'
import type { Scope } from './scope.ts'
import type { World } from './world.ts'

/** Runs a step as often as its modifiers say. Captures of the rounds are local, and afterwards a list. */
export async function runRounds(planned: Planned, flow: Flow, world: World): Promise<StepEnd> {
  const { 'for-each': forEach, repeat } = planned.common
  if (forEach === undefined && repeat === undefined) return runStep(planned, flow, world)
  let end: StepEnd = { outcome: 'not-run', stops: false }
  const scopes: Scope[] = []
  const names = { ...world.roots, ...flow.roots, ...flow.scope.names() }
  const rounds = roundsOrWhyNot(planned, names)
  if ('error' in rounds) return runStep(planned, flow, world, rounds.error)
  for (const [number, round] of rounds.entries()) {
    const scope = flow.scope.child({ ...round, index: number + 1 })
    scopes.push(scope)
    const one = await runStep(planned, { ...flow, scope, round: `${flow.round}#${number + 1}` }, world)
    end = worse(end, one)
    if (one.stops && !flow.all) break
  }
  gather(flow.scope, scopes)
  return end
}

function roundsOrWhyNot(...of: Parameters<typeof roundsOf>): Record<string, unknown>[] | { error: unknown } {
  try {
    return roundsOf(...of)
  } catch (error) {
    return { error }
  }
}

function roundsOf(planned: Planned, names: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const items = itemsOf(planned, names)
  const count = countOf(planned, names)
  if (items.length * count > MOST_ROUNDS)
    throw new PlanError([tooManyRounds(placeAt(stepPlace(planned), 'repeat'), items.length * count)])
  return items.flatMap((item) => Array.from({ length: count }, () => item))
}

function itemsOf(planned: Planned, names: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const raw = planned.common['for-each']
  if (raw === undefined) return [{}]
  const place = placeAt(stepPlace(planned), 'for-each')
  const value = bindSpelled(raw, names, place)
  if (Array.isArray(value)) return itemsIn(value, place).map((item) => ({ ...namesIn(item), item }))
  const [[name, list] = ['', undefined], ...others] = isMapping(value) ? Object.entries(value) : []
  if (others.length > 0) throw wrong(place, 'for-each takes one name', 'write a list of mappings for several at once')
  if (!Array.isArray(list)) throw wrong(place, 'for-each takes a list', 'write {name: [a, b]}, or a list of mappings')
  return itemsIn(list, place).map((item) => ({ [name]: item, item }))
}

/** The keys of a mapping are names in its round. */
function namesIn(item: unknown): Record<string, unknown> {
  return isMapping(item) ? Object.fromEntries(spelledEntries(item)) : {}
}

function countOf(planned: Planned, names: Readonly<Record<string, unknown>>): number {
  const raw = planned.common.repeat
  if (raw === undefined) return 1
  const place = placeAt(stepPlace(planned), 'repeat')
  const count = bindValue(raw, names, place)
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1) return count
  if (typeof count === 'bigint' && count >= 1n) return Number(count)
  throw wrong(place, `repeat is ${exactJson(count)}`, 'give a whole number from 1')
}

function itemsIn(list: readonly unknown[], place: ReturnType<typeof placeAt>): readonly unknown[] {
  if (list.length === 0)
    throw wrong(place, 'for-each over an empty list would check nothing', 'make sure the list has items')
  return spelledEntries(list).map(([, item]) => item)
}

function stepPlace(planned: Planned) {
  return placeOf(planned.raw) ?? planned.place
}

function wrong(place: ReturnType<typeof placeAt>, message: string, hint: string): PlanError {
  return new PlanError([{ code: 'rounds', message, hint, place, level: 'error' }])
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Spelled)
}

const order = ['not-run', 'skipped', 'checked', 'passed', 'warned', 'failed', 'errored'] as const

function worse(a: StepEnd, b: StepEnd): StepEnd {
  return order.indexOf(b.outcome) >= order.indexOf(a.outcome) ? b : a
}

function gather(scope: Scope, rounds: readonly Scope[]): void {
  const names = new Set(rounds.flatMap((round) => [...round.captured]))
  for (const name of names) scope.set(name, gatheredFrom(spelledList(rounds.map((round) => round.own[name] ?? null))))
}
