/** The context that a kind runs in: everything it may do, and nothing else. */
import { makeCondition, missesOf } from '../condition.ts'
import { type AskedAt, CheckFailure, type Output, RestoreError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Condition, Field, ProbeContext, ProbeKind, Reading, Taken } from '../contracts/probe.ts'
import { type Place, placeOf } from '../contracts/source.ts'
import type { Context, Fragment, StepsEnd } from '../contracts/step.ts'
import type { LogMark, Target } from '../contracts/target.ts'
import type { Change } from '../contracts/undo.ts'
import { bindValue } from '../plan/bind.ts'
import { faultIn } from '../plan/walk.ts'
import { evidenceOf } from '../wait/watched.ts'
import { holdFor, waitFor } from '../wait.ts'
import type { FilledIn } from './asked.ts'
import { attach, attachPieces } from './attach.ts'
import type { Entry } from './changes.ts'
import { maskedName } from './masked-name.ts'
import { limitOf, measure, type World } from './world.ts'

/** One step that is running. */
export interface Running {
  readonly id: string
  /** Id of the planned step, without rounds. */
  readonly planned: string
  /** The `id` that the plan gave it. */
  readonly name?: string | undefined
  readonly title: string
  readonly place: Place
  readonly target: Target
  readonly signal: AbortSignal
  /** Fields of its reading, for `expect`. */
  readonly fields: Readonly<Record<string, Field>> | undefined
  /** Fields and `$` paths that it captures, or expects of its reading. */
  readonly asked?: ReadonlySet<string> | undefined
  /** Learns the secrets that the step captures, before anything of a reading is shown. */
  readonly learn?: ((taken: Taken) => void) | undefined
  /** How its wait was ended, for the report. */
  noticed?: string | undefined
  /** The question as asked, once its values are filled in. */
  question?: (() => AskedAt | undefined) | undefined
  readonly noted: Pick<FilledIn, 'names' | 'filled'>
  /** The output so far of the commands that were running when the step was ended. */
  readonly cutShort: Output[]
  run(steps: PlainSteps, options: Parameters<Context['run']>[1]): Promise<StepsEnd>
  /** Fragments are looked up in the document that the step stands in. */
  fragment(path: string): Fragment
}

export function contextOf(running: Running, world: World): Context {
  const { target, signal, place } = running
  const probing = probeContextOf(running, world)
  const spec = world.kase.target
  const condition = (plain: object) =>
    makeCondition(plain, placeOf(plain) ?? place, { probes: probesOf(running, world) })
  const report = { case: world.kase.id, step: running.id }
  return {
    target,
    signal,
    step: { id: running.id, title: running.title, place },
    measure: (text) => measure(spec, text),
    condition,
    check: (asked) => asked.check(probing),
    assert: (asked) => assertOnce(asked, probing),
    wait: (asked, limits) =>
      waited(running, world, (progress) =>
        waitFor(asked, {
          context: probing,
          within: limitOf(spec, limits.within, 'within', '30s'),
          hold: limits.hold === undefined ? undefined : measure(spec, limits.hold),
          every: limits.every === undefined ? undefined : measure(spec, limits.every),
          failIf: limits.failIf,
          progress,
          signal,
        }),
      ),
    hold: (asked, limits) =>
      waited(running, world, (progress) =>
        holdFor(asked, {
          context: probing,
          for: measure(spec, limits.for),
          every: limits.every === undefined ? undefined : measure(spec, limits.every),
          progress,
          signal,
        }),
      ),
    expect: (reading, expectations) => expectReading(running, reading, expectations),
    change: (changes, options = {}) => changeAll(running, world, changes, options),
    fault: (plain) => prepareFault(running, world, plain),
    restore: (what) => restoreNamed(running, world, typeof what === 'string' ? [what] : what),
    run: (steps, options) => running.run(steps, options),
    fragment: (path) => running.fragment(path),
    evaluate: <T>(plain: T, names: Readonly<Record<string, unknown>>) =>
      bindValue(plain, { ...world.roots, ...names }) as T,
    logsSince: probing.logsSince,
    progress: (says) => world.emit({ is: 'step.waiting', ...report, says, elapsed: 0, within: 0 }),
    point: (point) => world.emit({ is: 'point', ...report, ...point }),
    attach: async (said, content) => {
      const to = { ...world, ...report }
      const name = maskedName(said, world.redactor)
      const isWhole = typeof content === 'string' || content instanceof Uint8Array
      return isWhole ? attach(to, name, content, place) : attachPieces(to, name, content, place)
    },
    note: (message) => world.emit({ is: 'step.note', ...report, message }),
  }
}

/** Probes whose readings are learned from. */
function probesOf({ learn }: Running, world: World): Kinds['probes'] {
  const { probes } = world.hands.kinds
  if (learn === undefined) return probes
  const read =
    (probe: ProbeKind): ProbeKind['read'] =>
    async (params, context) => {
      const taken = await probe.read(params, context)
      learn(taken)
      return taken
    }
  return new Map([...probes].map(([name, probe]) => [name, { ...probe, read: read(probe) }]))
}

export function probeContextOf(running: Pick<Running, 'target' | 'signal' | 'asked'>, world: World): ProbeContext {
  const marks = new Map<string, Promise<LogMark>>()
  const spec = world.kase.target
  return {
    target: running.target,
    signal: running.signal,
    asked: running.asked,
    timeout: limitOf(spec, undefined, 'probe', '5s'),
    // "Since this step" is since its first look at the log: a step that just began has read nothing yet.
    logsSince: (service, since) => {
      if (since === 'case') return 0
      const mark = marks.get(service) ?? running.target.service(service).logMark()
      marks.set(service, mark)
      return mark
    },
    memory: world.memory,
    measure: (text) => measure(spec, text),
  }
}

async function assertOnce(condition: Condition, probing: ProbeContext): Promise<Reading> {
  const verdict = await condition.check(probing)
  const last = verdict.readings.at(-1)?.says
  if (verdict.is === 'holds') return verdict.readings.at(-1) ?? { fields: {}, says: '' }
  const evidence = evidenceOf(verdict, condition, probing.target)
  if (verdict.is === 'untaken')
    throw new CheckFailure(`could not be read: ${verdict.why}`, { place: verdict.place, last, ...evidence })
  const [first] = verdict.misses
  const more = verdict.misses.length > 1 ? ` (and ${verdict.misses.length - 1} more)` : ''
  throw new CheckFailure(
    first ? `${first.path} is ${first.actual}, expected ${first.expected}${more}` : 'does not hold',
    {
      misses: verdict.misses,
      place: condition.place,
      last,
      ...evidence,
    },
  )
}

/** Shows what is being waited for, at most ten times a second, and how the wait was ended. */
async function waited(
  running: Running,
  world: World,
  wait: (
    progress: (says: string, elapsed: number, within: number) => void,
  ) => Promise<{ reading: Reading; noticed: string }>,
): Promise<Reading> {
  let shown = Number.NEGATIVE_INFINITY
  const { reading, noticed } = await wait((says, elapsed, within) => {
    if (performance.now() - shown < 100) return
    shown = performance.now()
    world.emit({
      is: 'step.waiting',
      case: world.kase.id,
      step: running.id,
      says,
      elapsed: Math.round(elapsed),
      within,
    })
  })
  running.noticed = noticed
  return reading
}

function expectReading(running: Running, reading: Reading, expectations: Readonly<Record<string, unknown>>): void {
  const place = placeOf(expectations) ?? running.place
  const misses = missesOf(reading, expectations, place, running.fields ?? {})
  const [first] = misses
  if (first === undefined) return
  throw new CheckFailure(`${first.path} is ${first.actual}, expected ${first.expected}`, {
    misses,
    last: reading.says,
    place,
    outputs: reading.output && [reading.output],
  })
}

async function changeAll(
  running: Running,
  world: World,
  changes: Change | readonly Change[],
  options: { for?: string | undefined; overlap?: boolean | undefined },
): Promise<readonly string[]> {
  const evidence: string[] = []
  for (const change of 'does' in changes ? [changes] : changes)
    evidence.push(
      await world.changes.make(change, {
        step: running.id,
        name: running.name,
        signal: running.signal,
        for: options.for === undefined ? undefined : measure(world.kase.target, options.for),
        overlap: options.overlap,
      }),
    )
  return evidence
}

function prepareFault(running: Running, world: World, plain: object): Promise<readonly Change[]> {
  const { kind, params, options } = faultIn(plain, world.hands.kinds)
  return kind.prepare(params as never, options as never, {
    target: running.target,
    signal: running.signal,
    measure: (text) => measure(world.kase.target, text),
  })
}

/** `X` is the id of a step, else a service (all faults still in on it), else `all`. */
async function restoreNamed(running: Running, world: World, names: readonly string[]): Promise<readonly string[]> {
  const said: string[] = []
  for (const name of names) said.push(...(await restoreOne(running, world, name)))
  return said
}

async function restoreOne(running: Running, world: World, name: string): Promise<string[]> {
  const chosen = chooser(name, world)
  const known = world.changes.entries.filter(chosen)
  const restored = await world.changes.restore(chosen, 'step')
  const bad = restored.find(({ outcome }) => outcome !== 'restored')
  if (bad) throw new RestoreError(`${bad.entry.undo.title}: ${bad.outcome}${bad.message ? `: ${bad.message}` : ''}`)
  if (restored.length > 0) return restored.map(({ entry }) => entry.undo.title)
  if (known.some((entry) => entry.ended)) return [`${name}: ended by its \`for:\` already`]
  throw new CheckFailure(`nothing to restore: nothing is broken that "${name}" stands for`, {
    place: running.place,
    hint: 'a `restore` takes the id of a step, a service with a fault still in, or `all`',
  })
}

function chooser(name: string, world: World): (entry: Entry) => boolean {
  if (world.changes.entries.some((entry) => entry.name === name)) return (entry) => entry.name === name
  if (name === 'all' && !world.runtime.names().includes('all')) return (entry) => entry.undo.of !== 'stack'
  return ({ undo }) => undo.of === 'fault' && undo.touches.some((touch) => 'service' in touch && touch.service === name)
}
