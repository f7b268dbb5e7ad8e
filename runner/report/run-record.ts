/** A run as its events tell it, so far: what a report is made from that needs more than the event at hand. */
import type { Outcome, PlannedCase, Reason, RunEvent } from '../contracts/events.ts'
import { cleanLine } from './plain-text.ts'
import { type CaseRecord, type EventOf, isBad, KILLED, type StepRecord } from './record.ts'

export class RunRecord {
  started: EventOf<'run.started'> | undefined
  ended: EventOf<'run.ended'> | undefined
  interrupted: EventOf<'interrupted'> | undefined
  /** The log stopped before the run had ended. */
  killed = false
  readonly cases = new Map<string, CaseRecord>()
  readonly #names = new Map<string, Map<string, number>>()
  #t = 0

  /** Takes in an event whose texts are clean. What belongs to no known case is passed over. */
  add(event: RunEvent): void {
    this.#t = event.t
    if (event.is === 'run.started') this.#begin(event)
    else if (event.is === 'run.ended') this.ended = event
    else if (event.is === 'interrupted') this.interrupted = event
    else {
      const kase = event.case === undefined ? undefined : this.cases.get(event.case)
      if (kase) this.#addToCase(kase, event)
    }
  }

  /** Called at the end of the events: cases that did not end were cut off. */
  finish(): void {
    this.killed = this.ended === undefined
    for (const kase of this.cases.values()) if (kase.outcome === undefined) this.#cutOff(kase)
  }

  #begin(event: EventOf<'run.started'>): void {
    this.started = event
    for (const planned of event.cases) this.cases.set(planned.id, emptyCase(planned))
  }

  #addToCase(kase: CaseRecord, event: RunEvent): void {
    if (event.is === 'case.started') Object.assign(kase, { at: event.at, startedAt: event.t })
    else if (event.is === 'step.started') this.#startStep(kase, event)
    else if (event.is === 'step.ended') endStep(kase, event)
    else if (event.is === 'step.note') kase.steps.get(event.step)?.notes.push(event.message)
    else if (event.is === 'point') kase.steps.get(event.step)?.points.push(event)
    else if (event.is === 'change') addChange(kase, event)
    else if (event.is === 'restored') this.#addRestored(kase, event)
    else if (event.is === 'attachment') kase.attachments.push(event)
    else if (event.is === 'note' && event.level === 'warning') kase.warnings.push(event.message)
    else if (event.is === 'case.ended') this.#endCase(kase, event)
  }

  #startStep(kase: CaseRecord, event: EventOf<'step.started'>): void {
    const parent = event.parent === undefined ? undefined : kase.steps.get(event.parent)
    const step: StepRecord = {
      is: 'step',
      id: event.step,
      title: this.#unique(kase, event.title),
      phase: event.phase,
      depth: event.depth,
      parent,
      planned: kase.plannedSteps.get(event.planned),
      startedAt: event.t,
      outcome: undefined,
      duration: 0,
      notes: [],
      points: [],
      changes: [],
      children: [],
    }
    kase.steps.set(step.id, step)
    if (parent) parent.children.push(step)
    else kase.items.push(step)
  }

  #addRestored(kase: CaseRecord, event: EventOf<'restored'>): void {
    if (event.outcome === 'restored' || event.outcome === 'drifted') kase.open.delete(event.entry)
    kase.items.push({
      is: 'restored',
      title: this.#unique(kase, `${event.outcome === 'kept' ? 'left in' : 'restored'}: ${event.title}`),
      event,
    })
  }

  #endCase(kase: CaseRecord, { outcome, duration, reason, failures, restored }: EventOf<'case.ended'>): void {
    Object.assign(kase, { outcome, duration, reason, failures, restored })
    if (outcome !== 'skipped' && outcome !== 'not-run')
      this.#passOver(kase, reason ?? { message: 'the case ended first' })
  }

  #cutOff(kase: CaseRecord): void {
    const reason = { message: KILLED }
    kase.killed = true
    kase.reason = reason
    kase.outcome = kase.at === undefined ? 'not-run' : 'errored'
    if (kase.at === undefined) return
    kase.duration = this.#t - kase.startedAt
    for (const { does } of kase.open.values()) kase.warnings.push(`nobody knows whether this was put back: ${does}`)
    for (const step of kase.steps.values())
      if (step.outcome === undefined)
        Object.assign(step, { outcome: 'errored', duration: this.#t - step.startedAt, reason })
    this.#passOver(kase, reason)
  }

  /** Steps of the plan that the case did not come to are reported, too. */
  #passOver(kase: CaseRecord, reason: Reason): void {
    const begun = new Set([...kase.steps.values()].map(({ planned }) => planned?.id))
    for (const planned of kase.planned.steps) {
      if (planned.phase !== 'steps' || planned.parent !== undefined || begun.has(planned.id)) continue
      const { id, title, kind, phase } = planned
      const about = { case: kase.planned.id, step: id, seq: 0, t: this.#t }
      this.#startStep(kase, { is: 'step.started', ...about, planned: id, title, kind, phase, depth: 0 })
      endStep(kase, { is: 'step.ended', ...about, outcome: 'not-run', duration: 0, reason })
    }
  }

  #unique(kase: CaseRecord, text: string): string {
    const title = cleanLine(text) || 'step'
    const names = this.#names.get(kase.planned.id) ?? new Map<string, number>()
    this.#names.set(kase.planned.id, names)
    const count = (names.get(title) ?? 0) + 1
    names.set(title, count)
    return count === 1 ? title : this.#unique(kase, `${title} #${count}`)
  }
}

function emptyCase(planned: PlannedCase): CaseRecord {
  return {
    planned,
    plannedSteps: new Map(planned.steps.map((step) => [step.id, step])),
    items: [],
    steps: new Map(),
    attachments: [],
    warnings: [],
    open: new Map(),
    startedAt: 0,
    outcome: undefined,
    duration: 0,
    failures: [],
    killed: false,
  }
}

function endStep(kase: CaseRecord, event: EventOf<'step.ended'>): void {
  const step = kase.steps.get(event.step)
  if (!step) return
  const { duration, failure, reason, noticed, reading } = event
  Object.assign(step, { duration, failure, reason, noticed, reading, outcome: outcomeOf(event, step) })
}

/** What fails in `on-failure` only warns. */
function outcomeOf({ outcome }: EventOf<'step.ended'>, { phase }: StepRecord): Outcome {
  return phase === 'on-failure' && isBad(outcome) ? 'warned' : outcome
}

function addChange(kase: CaseRecord, event: EventOf<'change'>): void {
  const step = event.step === undefined ? undefined : kase.steps.get(event.step)
  if (event.state === 'applied') step?.changes.push(event)
  if (event.without === undefined && (event.state === 'intent' || event.state === 'applied'))
    kase.open.set(event.entry, event)
}
