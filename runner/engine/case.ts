/** One case: lock → leftovers → up → preflight → requires → baseline → steps → always → restore → proof → down. */
import { isError, messageOf, RestoreError, Skip } from '../contracts/errors.ts'
import type { Failure, Outcome, Phase, Reason, RestoreOutcome } from '../contracts/events.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Case } from '../contracts/plan.ts'
import type { Place } from '../contracts/source.ts'
import { parseDuration } from '../contracts/units.ts'
import { effectOfCase, effectOfSteps } from '../plan/check.ts'
import { type Baseline, baselineOf } from './baseline.ts'
import type { CaseEnd, CaseRun } from './case-run.ts'
import { fencedOff } from './changes.ts'
import { type Deadline, deadline } from './deadline.ts'
import { explainCase } from './explain.ts'
import type { Flow } from './flow.ts'
import { keepLogs } from './keep-logs.ts'
import { openCase, runtimeOf } from './open-case.ts'
import { preflight } from './preflight.ts'
import { checkRequirements } from './requires.ts'
import { Scope } from './scope.ts'
import { bringUp } from './stack.ts'
import { passOver, runSteps } from './steps.ts'
import { whereEntry } from './where.ts'
import type { World } from './world.ts'

const EVIDENCE_LIMIT = 60_000
const CASE_LIMIT = 3_600_000

export async function runCase(kase: Case, run: CaseRun): Promise<CaseEnd> {
  const start = performance.now()
  run.emit({ is: 'case.started', case: kase.id, at: new Date().toISOString() })
  const life = new CaseLife(kase, run)
  const end = await life.whole()
  run.emit({
    is: 'case.ended',
    case: kase.id,
    outcome: end.outcome,
    duration: Math.round(performance.now() - start - life.waited),
    reason: life.reason,
    failures: life.failures,
    restored: end.restored,
  })
  return end
}

/** The life of one case; each method is a phase or a handful of them. */
class CaseLife {
  readonly failures: Failure[] = []
  reason: Reason | undefined
  readonly #kase: Case
  readonly #run: CaseRun
  #world: World | undefined
  #baseline: Baseline | undefined
  #outcome: Outcome = 'not-run'
  #restored: RestoreOutcome | undefined
  #busy = false
  #badPlan = false
  #limit: Deadline | undefined
  #gathered = false
  #up = false
  #scope = new Scope()

  /** ms that it waited for other cases and runs: not its own time. */
  get waited(): number {
    return this.#limit?.waited ?? 0
  }

  constructor(kase: Case, run: CaseRun) {
    this.#kase = kase
    this.#run = run
  }

  /** The end is told once everything is closed: taking the stack down is a restore, too, and may fail. */
  async whole(): Promise<CaseEnd> {
    try {
      await this.#lived()
    } catch (error) {
      await this.#fail(error)
    }
    this.#neverPassUnrestored()
    return { outcome: this.#outcome, restored: this.#restored, busy: this.#busy, badPlan: this.#badPlan }
  }

  async #lived(): Promise<void> {
    const limit = this.#run.timeout ?? parseDuration(this.#kase.plan.timeout ?? '') ?? CASE_LIMIT
    using over = deadline(limit, [this.#run.stop.signal], 'the case is')
    this.#limit = over
    await using stack = new AsyncDisposableStack()
    this.#refuseEarly()
    await this.#prepare(stack)
    await this.#body(stack)
  }

  #neverPassUnrestored(): void {
    const words = { failed: 'not everything could be put back', drifted: 'somebody else changed something meanwhile' }
    if (this.#outcome !== 'passed' || (this.#restored !== 'failed' && this.#restored !== 'drifted')) return
    this.#outcome = 'failed'
    this.reason ??= { message: words[this.#restored] }
  }

  /** What can be told without touching the target. */
  #refuseEarly(): void {
    const { skip } = this.#kase
    if (skip) throw new Skip(skip.reason, skip.class)
    if (this.#run.stop.signal.aborted) throw this.#run.stop.signal.reason
    if (this.#run.check && runtimeOf(this.#kase, this.#run.hands).owned?.(this.#kase.target.config))
      throw new NotRun('--check brings no stack up, and this target has none that is running')
  }

  /** Opens the target; what is opened is closed at the end of the case. */
  async #prepare(stack: AsyncDisposableStack): Promise<void> {
    this.#world = await openCase(this.#kase, this.#run, stack, {
      phase: (phase) => this.#phase(phase),
      somethingIsLeft: () => this.#world?.changes.entries.some(({ state }) => state !== 'restored') === true,
      firstFailure: () => this.#gatherEvidence(),
      waiting: (work) => this.#limitNow().uncounted(work),
    })
  }

  async #body(stack: AsyncDisposableStack): Promise<void> {
    const world = this.#worldNow()
    const signal = this.#limitNow().signal
    const scope = this.#scope
    stack.defer(() => this.#takeDown())
    try {
      if (!this.#run.check) await this.#inPhase('up', () => bringUp(world, signal))
      this.#up = true
      await this.#inPhase('preflight', () => preflight(world, signal))
      await this.#inPhase('requires', () => checkRequirements(world, signal))
      this.#baseline = await this.#inPhase('baseline', () => baselineOf(world, signal))
      this.#phase('steps')
      await this.#steps(world, scope, signal)
    } catch (error) {
      await this.#fail(error)
    }
    if (this.#outcome === 'skipped') return
    await this.#always(world, scope)
    await this.#restoreAndProve(world, scope)
  }

  async #steps(world: World, scope: Scope, signal: AbortSignal): Promise<void> {
    const flow = this.#flow('steps', scope, signal, false)
    const steps = this.#run.check ? readingSteps(this.#kase.plan.steps, world) : this.#kase.plan.steps
    const end = await runSteps(steps, flow, world)
    for (const raw of this.#kase.plan.steps.slice(steps.length))
      passOver(raw, flow, world, { message: '--check runs only what reads, up to the first step that changes' })
    if (end.errored) this.#outcome = 'errored'
    else if (end.outcome === 'failed') this.#outcome = 'failed'
    else if (this.#run.check) this.#outcome = 'checked'
    else this.#outcome = end.outcome
    if (this.#outcome === 'not-run') this.reason ??= { message: 'no step was run' }
    this.#interruptedOrLate(end.error)
  }

  /** A case that was interrupted is failed whatever its steps came to, and says why. */
  #interruptedOrLate(error: unknown): void {
    const { signal, over } = this.#limitNow()
    if (!signal.aborted) return
    if (this.#outcome !== 'errored') this.#outcome = 'failed'
    this.reason ??= { message: messageOf(over ? signal.reason : (error ?? signal.reason)) }
  }

  async #gatherEvidence(): Promise<void> {
    if (this.#gathered) return
    this.#gathered = true
    const { onFailure } = this.#kase.plan
    if (onFailure.length === 0) return
    await this.#evidence('on-failure', onFailure, this.#scope)
    this.#phase('steps')
  }

  /** Bounded and under a signal of its own; a second Ctrl-C hurries it. */
  async #evidence(phase: Phase, steps: PlainSteps, scope: Scope): Promise<boolean> {
    this.#phase(phase)
    const world = this.#worldNow()
    using over = deadline(EVIDENCE_LIMIT, [this.#run.stop.hurry], `\`${phase}\` is`)
    const end = await runSteps(steps, this.#flow(phase, scope, over.signal, true), world)
    return end.outcome !== 'failed'
  }

  async #always(world: World, scope: Scope): Promise<void> {
    if (this.#run.check || !this.#up || world.kase.plan.always.length === 0) return
    const passed = await this.#evidence('always', world.kase.plan.always, scope)
    if (!passed && this.#outcome !== 'errored') this.#outcome = 'failed'
  }

  async #restoreAndProve(world: World, scope: Scope): Promise<void> {
    if (this.#run.check) return
    if (this.#run.keep || (this.#run.abandon && this.#run.stop.word !== undefined)) {
      const kept = await world.changes.keep((entry) => whereEntry(entry, world.runtime))
      if (kept.length > 0) this.#restored = 'kept'
      return
    }
    const proven = (await this.#restore(world)) && (await this.#provenAgain(world))
    if (proven || world.kase.plan.lastResort.length === 0) return
    await this.#evidence('last-resort', world.kase.plan.lastResort, scope)
    if ((await this.#restore(world)) && (await this.#provenAgain(world))) this.#restored = 'restored'
  }

  async #restore(world: World): Promise<boolean> {
    const open = world.changes.entries.some(({ undo, state }) => undo.of !== 'stack' && state !== 'restored')
    if (!open && this.#restored === undefined) return this.#settleRestored('restored', world.changes.entries.length > 1)
    this.#phase('restore')
    const results = await world.changes.restore(({ undo }) => undo.of !== 'stack', 'end')
    if (world.changes.takenOver && this.#outcome !== 'errored') await this.#fail(fencedOff())
    const failed = results.find(({ outcome }) => outcome === 'failed')
    const drifted = world.changes.entries.some(({ state }) => state === 'drifted')
    return this.#settleRestored(failed ? 'failed' : drifted ? 'drifted' : 'restored', true)
  }

  #settleRestored(outcome: RestoreOutcome, something: boolean): boolean {
    if (something || outcome !== 'restored') this.#restored = outcome
    return outcome === 'restored'
  }

  /** A step without an undo may have changed what the baseline holds, though nothing stands in the journal. */
  #mayHaveChanged(): boolean {
    return ['changes', 'breaks'].includes(effectOfCase(this.#kase, this.#run.hands.kinds))
  }

  /** The baseline and the health that services had before must hold again. */
  async #provenAgain(world: World): Promise<boolean> {
    if (!this.#baseline || !this.#mayHaveChanged() || stackIsGone(world)) return true
    this.#phase('baseline-again')
    try {
      await this.#baseline.again(world)
      return true
    } catch (error) {
      this.#restored = 'failed'
      this.failures.push(await this.#explain(new RestoreError(messageOf(error))))
      if (isError(error, 'check')) this.failures.push(await this.#explain(error))
      return false
    }
  }

  async #takeDown(): Promise<void> {
    const world = this.#worldNow()
    if (this.#restored === 'kept') {
      await world.runtime.keep?.()
      return
    }
    await world.left.end()
    await keepLogs(world)
    const stacks = await world.changes.restore(({ undo }) => undo.of === 'stack', 'end')
    if (stacks.some(({ outcome }) => outcome !== 'restored')) this.#restored = 'failed'
    await world.changes.close()
  }

  async #inPhase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    this.#phase(phase)
    return work()
  }

  #phase(phase: Phase): void {
    this.#run.emit({ is: 'phase.started', case: this.#kase.id, phase })
  }

  async #fail(error: unknown): Promise<void> {
    if (error instanceof NotRun) {
      this.#outcome = 'not-run'
      this.reason = { message: error.message }
    } else if (isError(error, 'skip')) {
      this.#outcome = this.#run.noSkip && error.class === 'unavailable' ? 'failed' : 'skipped'
      this.reason = { class: error.class, message: error.message }
    } else if (isError(error, 'interrupted')) {
      this.#outcome = this.#world ? 'failed' : 'not-run'
      this.reason = { message: error.message }
    } else {
      this.#outcome = 'errored'
      this.#busy ||= isError(error, 'busy')
      this.#badPlan ||= isError(error, 'plan')
      if (isError(error, 'restore')) this.#restored = 'failed'
      this.reason ??= { message: messageOf(error) }
      this.failures.push(await this.#explain(error, isError(error, 'plan') ? undefined : this.#kase.target.place))
    }
  }

  #explain(error: unknown, place?: Place): Promise<Failure> {
    const number = this.failures.length
    return explainCase(error, place, { kase: this.#kase, run: this.#run, world: this.#world, number })
  }

  #flow(phase: Phase, scope: Scope, signal: AbortSignal, all: boolean): Flow {
    const { fragments } = this.#kase.plan
    return { phase, scope, signal, depth: 0, prefix: '', round: '', all, fragments, runSteps, roots: {} }
  }

  #worldNow(): World {
    if (!this.#world) throw new Error('the case has no target yet')
    return this.#world
  }

  #limitNow(): Deadline {
    if (!this.#limit) throw new Error('the case has not begun')
    return this.#limit
  }
}

/** The case has nothing to do, which is neither a failure nor a skip. */
class NotRun extends Error {}

/** A guardian that put everything back has taken the stack of the case down, too. */
function stackIsGone({ changes }: World): boolean {
  return changes.takenOver && changes.entries.some(({ undo }) => undo.of === 'stack')
}

/** Steps up to the first that changes or breaks. */
function readingSteps(steps: PlainSteps, world: World): PlainSteps {
  const first = steps.findIndex((step) =>
    ['changes', 'breaks'].includes(effectOfSteps([step], world.hands.kinds, world.kase.plan.fragments)),
  )
  return first === -1 ? steps : steps.slice(0, first)
}
