/** One round of one step: `if` → bind → run → expect → capture. */
import { type AskedAt, CheckFailure, isError, type Output, PlanError } from '../contracts/errors.ts'
import type { Outcome, Reason } from '../contracts/events.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Field, Reading } from '../contracts/probe.ts'
import { type Place, placeAt, placeOf } from '../contracts/source.ts'
import type { Context, StepKind } from '../contracts/step.ts'
import { parseDuration } from '../contracts/units.ts'
import { bind, bindValue } from '../plan/bind.ts'
import { noting } from '../plan/filled.ts'
import { asText, evaluateFlag, located, type Names, substituteSpelled } from '../plan/values.ts'
import { askedOf, capture } from './captures.ts'

import { contextOf, type Running } from './context.ts'
import { type Deadline, deadline } from './deadline.ts'
import { expectOf, isDecided, isEnough } from './expectations.ts'
import { explainStep } from './explain.ts'
import { isErrored } from './failure.ts'
import { type Flow, type Planned, type StepEnd, startStep } from './flow.ts'
import { hearing, questionOf } from './hearing.ts'
import { learner } from './learn.ts'
import { Scope } from './scope.ts'
import { undoableChange } from './undoable.ts'
import { bindTargetOf, limitOf, measure, type World } from './world.ts'

/** How long a step that ran out of time may take to let go of the target. */
const SETTLES_WITHIN = 5_000

/** `refused`: why it can't be run, found out before: it is told of as a step all the same. */
export async function runStep(raw: Planned, flow: Flow, world: World, refused?: unknown): Promise<StepEnd> {
  let planned = raw
  const id = `${planned.id}${flow.round}`
  const start = performance.now()
  const ended = (outcome: Outcome, more: object = {}) =>
    world.emit({
      is: 'step.ended',
      case: world.kase.id,
      step: id,
      outcome,
      duration: Math.round(performance.now() - start),
      ...more,
    })
  const names = { ...world.roots, ...flow.roots, ...flow.scope.names() }
  const nested: Nested = { failed: false, errored: false }
  let running: Running | undefined
  const title = titleOf(planned, names)
  startStep(planned, id, title, flow, world)
  try {
    if (refused !== undefined) throw refused
    const reason = notRun(planned, names)
    if (reason) {
      ended('not-run', { reason })
      return { outcome: 'not-run', stops: false }
    }
    planned = { ...planned, common: boundKeys(planned, names) }
    const kind = world.hands.kinds.steps.get(planned.kind) as StepKind
    using limit = deadline(stepLimit(planned, kind, world), [flow.signal], `"${title}" is`)
    const bound = bindTargetOf(world, limit.signal)
    try {
      running = runningOf(planned, id, flow, world, {
        title,
        names,
        nested,
        target: bound.target,
        signal: limit.signal,
        kind,
      })
      const reading = await settled(perform(planned, kind, running, world), limit, bound.release).finally(() =>
        bound.tellLeft(id),
      )
      if (reading) capture(planned, reading, names, flow.scope, world)
      if (nested.failed) throw nested.error ?? new NestedFailure()
      ended('passed', { noticed: running.noticed, reading: reading?.says })
      return { outcome: 'passed', stops: false }
    } finally {
      bound.release()
    }
  } catch (error) {
    return failStep({ planned, id, error, nested, flow, world, ended, running })
  }
}

/** What the steps inside a step came to. */
interface Nested {
  failed: boolean
  errored: boolean
  /** What stopped them; absent when all failures were collected. */
  error?: unknown
}

/** Only says that a step inside failed, which was reported there. */
class NestedFailure extends Error {}

function notRun(planned: Planned, names: Readonly<Record<string, unknown>>): Reason | undefined {
  if (planned.common.if === undefined) return undefined
  const place = placeAt(placeOf(planned.raw) ?? planned.place, 'if')
  return evaluateFlag(planned.common.if, names, place) ? undefined : { message: `its \`if\` is false` }
}

/** The keys of the engine's own, with their values filled in; what belongs to a phase of the step is filled in there. */
function boundKeys({ common, raw, place }: Planned, names: Readonly<Record<string, unknown>>): CommonKeys {
  const at = (key: string) => placeAt(placeOf(raw) ?? place, key)
  const { timeout, 'continue-on-error': goesOn } = common
  return {
    ...common,
    ...(timeout === undefined ? {} : { timeout: durationIn(timeout, names, at('timeout')) }),
    ...(goesOn === undefined ? {} : { 'continue-on-error': evaluateFlag(goesOn, names, at('continue-on-error')) }),
  }
}

function durationIn(said: string, names: Readonly<Record<string, unknown>>, place: Place): string {
  const text = asText(located(() => substituteSpelled(said, names), place))
  if (parseDuration(text) !== undefined) return text
  const message = `the timeout is "${text}", which is not a duration`
  throw new PlanError([{ code: 'not-a-duration', message, hint: 'write 90s or 5m', level: 'error', place }])
}

function titleOf(planned: Planned, names: Readonly<Record<string, unknown>>): string {
  try {
    return asText(substituteSpelled(planned.title, names))
  } catch {
    return planned.title
  }
}

function stepLimit(planned: Planned, kind: StepKind, world: World): number | undefined {
  const spec = world.kase.target
  if (planned.common.timeout !== undefined) return measure(spec, planned.common.timeout)
  if (kind.timeout === undefined) return undefined
  return Math.max(limitOf(spec, undefined, 'step', kind.timeout), probeTimeout(planned.params, world))
}

/** A `timeout` inside a probe raises the step's default. */
function probeTimeout(params: unknown, world: World): number {
  const inner = typeof params === 'object' && params !== null ? (params as { timeout?: unknown }).timeout : undefined
  return typeof inner === 'string' ? measure(world.kase.target, inner) + 1_000 : 0
}

function runningOf(
  planned: Planned,
  id: string,
  flow: Flow,
  world: World,
  at: { title: string; names: Names; nested: Nested; target: Running['target']; signal: AbortSignal; kind: StepKind },
): Running {
  const cutShort: Output[] = []
  return {
    id,
    cutShort,
    noted: noting(at.names),
    planned: planned.id,
    name: planned.common.id,
    title: at.title,
    place: planned.place,
    target: hearing(at.target, cutShort),
    signal: at.signal,
    asked: askedOf(planned.common),
    fields: fieldsOf(at.kind, planned.params, world),
    learn: learner(planned, world),
    fragment: (path) => {
      const fragment = flow.fragments.get(path)
      if (fragment === undefined) throw new Error(`the fragment ${path} was not loaded`)
      return fragment
    },
    run: async (steps, options = {}) => {
      const inner = await flow.runSteps(steps, nestedFlow(planned, id, flow, at.signal, options, steps), world)
      at.nested.failed ||= inner.outcome === 'failed'
      at.nested.errored ||= inner.errored
      at.nested.error ??= inner.error
      return inner
    },
  }
}

function nestedFlow(
  planned: Planned,
  id: string,
  flow: Flow,
  signal: AbortSignal,
  options: NonNullable<Parameters<Context['run']>[1]>,
  steps: readonly object[],
): Flow {
  const inner = { ...flow, depth: flow.depth + 1, parent: id, signal }
  if (!options.only) return { ...inner, scope: options.names ? flow.scope.child(options.names) : flow.scope }
  // A fragment sees only its inputs, and its steps stand in another file.
  const { inputs, ...names } = options.names ?? {}
  const fragment = [...flow.fragments.values()].find((one) => one.steps === steps)
  return {
    ...inner,
    scope: new Scope(names),
    roots: { inputs, variables: {}, matrix: {}, secrets: {} },
    prefix: `${planned.id}/`,
    fragments: fragment?.fragments ?? new Map(),
  }
}

function fieldsOf(kind: StepKind, params: unknown, world: World): Readonly<Record<string, Field>> | undefined {
  if (kind.reading !== 'condition') return kind.reading
  const probe = Object.keys((params ?? {}) as object).find((key) => world.hands.kinds.probes.has(key))
  return probe === undefined ? undefined : world.hands.kinds.probes.get(probe)?.fields
}

async function perform(planned: Planned, kind: StepKind, running: Running, world: World): Promise<Reading | undefined> {
  const { names } = running.noted
  const context = contextOf(running, world)
  const at = placeAt(placeOf(planned.raw) ?? planned.place, planned.kind)
  const params = bind(kind.params, planned.params, names, world.hands.kinds, at) as never
  let question: AskedAt | undefined
  running.question = () => {
    question ??= questionOf(kind, params, running.target)
    return question
  }
  const findings = world.hands.validate('step', kind.name, params, planned.params)
  // A scalar knows no place itself.
  const placed = findings.map((one) => (one.place.file === '' ? { ...one, place: at } : one))
  if (placed.length > 0) throw new PlanError(placed)
  const common = { ...planned.common, expect: bindExpect(planned, names) }
  const enough = (soFar: Reading) => isEnough(kind, common.expect, soFar, { ...running, captures: planned.common })
  const act = async () => {
    const taken = await kind.run(params, { ...context, enough })
    if (taken) running.learn?.(taken)
    if (taken?.unanswered !== undefined && !isDecided(kind, common.expect, taken))
      throw new CheckFailure(taken.unanswered)
    return taken
  }
  try {
    const reading = await undoableChange({ planned, kind, params, names, act, running, world, context })
    if (reading) expectOf(kind, common.expect, reading, context)
    return reading
  } catch (error) {
    // Later its target is released, and tells nothing any more.
    running.question()
    throw error
  }
}

function bindExpect(planned: Planned, names: Readonly<Record<string, unknown>>) {
  return planned.common.expect === undefined
    ? undefined
    : (bindValue(planned.common.expect, names) as Readonly<Record<string, unknown>>)
}

/** A step that ran out of time is awaited before anything is restored; what still goes on then finds its target closed. */
async function settled<T>(work: Promise<T>, limit: Deadline, release: () => void): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const give = () => {
      const grace = setTimeout(() => reject(limit.signal.reason), SETTLES_WITHIN)
      void work
        .catch(() => undefined)
        .then(() => {
          clearTimeout(grace)
          reject(limit.signal.reason)
        })
    }
    if (limit.signal.aborted) give()
    else limit.signal.addEventListener('abort', give, { once: true })
  })
  aborted.catch(release)
  return Promise.race([work, aborted])
}

interface Failing {
  readonly id: string
  readonly planned: Planned
  readonly error: unknown
  readonly nested: Nested
  readonly flow: Flow
  readonly world: World
  readonly ended: (outcome: Outcome, more?: object) => void
  readonly running: Running | undefined
}

async function failStep({ planned, id, error, nested, flow, world, ended, running }: Failing): Promise<StepEnd> {
  const own = !(error instanceof NestedFailure) && error !== nested.error
  const errored = own ? isErrored(error) : nested.errored
  const outcome = outcomeOf(planned, errored)
  const failure = own ? await explainStep(error, { planned, id, running, world }) : undefined
  ended(outcome, { failure, noticed: running?.noticed })
  if (outcome !== 'warned' && own && flow.phase === 'steps') await world.firstFailure()
  const stops =
    outcome !== 'warned' && (errored || (own ? stopsCase(planned, error, world) : nested.error !== undefined))
  return { outcome, stops, error }
}

function outcomeOf(planned: Planned, errored: boolean): Outcome {
  if (errored) return 'errored'
  return planned.common['continue-on-error'] === true ? 'warned' : 'failed'
}

function stopsCase(planned: Planned, error: unknown, world: World): boolean {
  if (isError(error, 'interrupted')) return true
  return world.hands.kinds.steps.get(planned.kind)?.failure !== 'collect'
}
