/** The one door for changes of a case: journals, makes, verifies and marks each, and undoes from what was journalled. */

import type { Redactor } from '../base/redact/redactor.ts'
import { after, type Timer } from '../base/timer.ts'
import { CheckFailure, isError, messageOf, type Output, TargetError } from '../contracts/errors.ts'
import type { OutputTail, RestoreOutcome } from '../contracts/events.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Change, Undo } from '../contracts/undo.ts'
import { withinTime } from './deadline.ts'
import type { Emit } from './emit.ts'
import { evidenceOf } from './evidence.ts'
import { Guardian } from './guardian.ts'
import { Journal } from './journal.ts'
import { SECRETS, secretsFile } from './kept-secrets.ts'
import { type Place, placeFor } from './place.ts'
import { serviceIn, shareFile, shareService } from './touches.ts'
import { GIVE_UP_HINT, type Undone, undoEntry } from './undo.ts'

const GUARDIAN_LIMIT = 120_000
/** How long a target may be out of reach while it has to be asked. */
const AWAY_LIMIT = 60_000
const ASK_AGAIN = 250
/** A step that was ended lets go of its change soon; one that never does is undone all the same. */
const APPLIES_WITHIN = 60_000

/** What was changed and is not proven to be put back, in the order it was made. */
export interface Entry {
  readonly id: number
  /** The change in words: `stops node`. */
  readonly does: string
  readonly undo: Undo
  /** Id of the planned step, and the `id` that the plan gave it. */
  readonly step: string
  readonly name?: string | undefined
  state: 'open' | 'restored' | 'drifted' | 'failed'
  timer?: Timer
  /** Settles when it is made, or given up: what is still being made can't be undone. */
  applying?: Promise<void>
  /** Its time was over: the fault ended as the plan said. */
  ended?: boolean
}

export interface Restored {
  readonly entry: Entry
  readonly outcome: RestoreOutcome
  readonly message?: string | undefined
}

export interface ChangesOptions {
  readonly journal: string
  /** Work files of the case, which go with it. */
  readonly work: string
  /** ms of silence after which the guardian takes the runner for gone. */
  readonly lease: number
  readonly run: string
  /** Identity of the target, for the journal. */
  readonly target: string
  readonly case: string
  readonly plan: string
  readonly emit: Emit
  readonly redactor: Redactor
  /** How many services may be broken at a time. */
  most(): number
  /** The output of failed undos, for the report. `name`: of the files that keep it. */
  tails?(outputs: readonly Output[], name: string): readonly OutputTail[]
}

export interface Maker {
  readonly step: string
  readonly name?: string | undefined
  readonly signal: AbortSignal
  /** ms. */
  readonly for?: number | undefined
  readonly overlap?: boolean | undefined
}

export class Changes {
  readonly #options: ChangesOptions
  readonly #transport: Transport
  readonly #entries: Entry[] = []
  readonly #place: Place
  #journal: Journal | undefined
  #guardian: Guardian | undefined
  #beginning: Promise<Journal> | undefined
  #takenOver = false
  /** Undoing goes one at a time: a `for:` that ends while a restore is going on waits. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(transport: Transport, options: ChangesOptions) {
    this.#transport = transport
    this.#options = options
    this.#place = placeFor(transport, options.journal)
  }

  /** The guardian has put something back itself, at a time that nobody here knows. */
  get takenOver(): boolean {
    return this.#takenOver
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** Makes a change. Throws a CheckFailure when it has no effect; it is undone at the end all the same. */
  async make(change: Change, by: Maker): Promise<string> {
    if (change.undo?.of === 'fault') {
      if (by.overlap !== true) this.#refuseOverlap(change, by.step)
      this.#refuseTooMany(change)
    }
    const entry = change.undo && (await this.#intend(change, change.undo, by))
    const { case: kase, emit } = this.#options
    const about = { case: kase, step: by.step, entry: entry?.id ?? 0, does: change.does }
    if (entry) emit({ is: 'change', state: 'intent', ...about })
    const applying = this.#apply(change, entry, by.signal)
    if (entry) entry.applying = applying
    await applying
    if (entry) await this.#markApplied(entry)
    const evidence = await evidenceOf(change, by.signal)
    emit({ is: 'change', state: 'applied', ...about, evidence, without: entry ? undefined : withoutWords(change) })
    if (entry && by.for !== undefined) this.#endAfter(entry, by.for)
    return evidence ?? change.does
  }

  /** Undoes what is chosen and still open, newest first; what lies on top of a chosen change of a file goes first. */
  restore(chosen: (entry: Entry) => boolean, by: 'step' | 'end' | 'for'): Promise<Restored[]> {
    return this.#inTurn(async () => {
      const restored: Restored[] = []
      for (const entry of this.#withLater(chosen)) restored.push(await this.#undo(entry, by))
      return restored
    })
  }

  /** Leaves everything as it is, for `--keep`; nobody watches over it any more. `where`: where a person finds what a change is in. */
  async keep(where: (entry: Entry) => Promise<readonly string[]> = async () => []): Promise<Restored[]> {
    this.#guardian?.[Symbol.dispose]()
    const kept = this.#open()
    for (const entry of kept) entry.timer?.stop()
    for (const entry of kept) {
      const message = (await where(entry)).join('\n') || undefined
      this.#emitRestored(entry, 'kept', 0, 'end', { message })
    }
    return kept.map((entry) => ({ entry, outcome: 'kept' as const }))
  }

  /** Lets the guardian go, and deletes a journal of which everything is undone. */
  async close(): Promise<void> {
    this.#guardian?.[Symbol.dispose]()
    if (this.#journal && this.#entries.every((entry) => entry.state === 'restored')) await this.#place.remove()
  }

  /** Changes of one fault may touch the same services: a partition does. */
  #refuseOverlap(change: Change, step: string): void {
    const other = this.#open().find(
      (entry) => entry.undo.of === 'fault' && entry.step !== step && shareService(entry.undo.touches, change.touches),
    )
    if (other)
      throw new CheckFailure(`this service is broken already (${other.undo.title} is still to be undone)`, {
        hint: 'restore it first, or say `overlap: true` beside the fault if two at once are meant',
      })
  }

  /** The blast radius that targets.yaml allows. */
  #refuseTooMany(change: Change): void {
    const faults = this.#open().filter(({ undo }) => undo.of === 'fault')
    const broken = new Set([...faults.flatMap(({ undo }) => undo.touches), ...change.touches].flatMap(serviceIn))
    const most = this.#options.most()
    if (broken.size <= most) return
    throw new CheckFailure(
      `this would break ${broken.size} services at a time (${[...broken].join(', ')}), and \`max-faulted\` of the target allows ${most}`,
      { hint: 'restore one first, or raise `max-faulted` in targets.yaml' },
    )
  }

  async #intend(change: Change, undo: Undo, by: Maker): Promise<Entry> {
    const { case: kase, plan } = this.#options
    try {
      this.#beginning ??= this.#begin()
      this.#journal = await this.#beginning
      const id = this.#journal.intend(this.#discreet(undo), {
        case: kase,
        plan,
        step: by.step,
        does: this.#options.redactor.text(change.does),
      })
      await this.#place.bring(id)
      const entry: Entry = { id, does: change.does, undo, step: by.step, name: by.name, state: 'open' }
      this.#entries.push(entry)
      return entry
    } catch (error) {
      if (this.#journal && (await this.#isFenced())) throw fencedOff()
      if (isError(error, 'target')) throw error
      throw new TargetError(`nothing was changed, since the journal can't be written: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /** `plan restore` shows the journal later, and what its scripts print, without knowing any secret but those it finds there. */
  #discreet(undo: Undo): Undo {
    const { redactor } = this.#options
    const title = redactor.text(undo.title)
    const isPrivate = undo.holds?.some((bytes) => redactor.within(bytes).length > 0)
    const scripts = [undo.sh, undo.verify ?? ''].map((script) => Buffer.from(script))
    const secrets = new Set([...scripts, ...Object.values(undo.keeps ?? {})].flatMap((bytes) => redactor.within(bytes)))
    const keeps = {
      ...undo.keeps,
      ...(isPrivate ? { private: new Uint8Array() } : {}),
      ...(secrets.size === 0 ? {} : { [SECRETS]: secretsFile(secrets) }),
    }
    return { ...undo, title, keeps }
  }

  /** The guardian has answered before the first change is made. */
  async #begin(): Promise<Journal> {
    const { journal, work, lease } = this.#options
    const begun = Journal.create(journal, this.#about(this.#place))
    try {
      await this.#place.begin()
      const isHere = this.#transport.folder === undefined
      this.#guardian = await Guardian.start(this.#transport, this.#place.folder, isHere ? work : '', lease)
    } catch (error) {
      // Nothing was changed, so nothing tells of it; what can't be reached is found by the next run.
      await this.#place.remove().catch(() => undefined)
      throw error
    }
    return begun
  }

  #about({ folder }: Place) {
    const { run, target } = this.#options
    return { run, target, ...(this.#transport.folder === undefined ? {} : { there: folder }) }
  }

  /** Keeps the state that the change has left, also when it failed half way. */
  async #apply(change: Change, entry: Entry | undefined, signal: AbortSignal): Promise<void> {
    try {
      await change.apply(signal)
    } catch (error) {
      await this.#keepLeft(change, entry).catch(() => undefined)
      throw error
    }
    await this.#keepLeft(change, entry)
  }

  /** A guardian that took us for gone has put it back, or is about to. */
  async #keepLeft(change: Change, entry: Entry | undefined): Promise<void> {
    if (!entry || !change.left || (await this.#isFenced())) return
    const files = await change.left()
    try {
      await this.#place.keep(entry.id, files)
    } catch (error) {
      if (await this.#isFenced()) return
      if (isError(error, 'target')) throw error
      throw new TargetError(`the journal can't be written any more, so this is put back: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /** A change that was made while the guardian took us for gone is one it does not know of: it is undone at once. */
  async #markApplied(entry: Entry): Promise<void> {
    if (!(await this.#isFenced())) return this.#mark(entry.id)
    const { journal, case: kase, plan } = this.#options
    const place = placeFor(this.#transport, `${journal}.late`)
    const again = Journal.create(`${journal}.late`, this.#about(place))
    const id = again.intend(this.#discreet(entry.undo), { case: kase, plan, step: entry.step })
    await place.begin()
    await place.bring(id)
    const { outcome } = await undoEntry(this.#transport, place, { id, settles: entry.undo.settles })
    if (outcome === 'restored') await place.remove()
    throw fencedOff()
  }

  async #mark(id: number): Promise<void> {
    try {
      await this.#place.mark(id, 'applied')
    } catch (error) {
      if (isError(error, 'target')) throw error
      throw new TargetError(`the journal can't be written any more, so this is put back: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /** Where the way to the target was cut it is asked again: the guardian begins at once, and nothing may be changed beside it. */
  async #isFenced(): Promise<boolean> {
    for (const start = performance.now(); ; await Bun.sleep(ASK_AGAIN)) {
      try {
        return await this.#place.fenced()
      } catch (error) {
        if (!isError(error, 'target') || !error.transient || performance.now() - start > AWAY_LIMIT) throw error
      }
    }
  }

  #endAfter(entry: Entry, limit: number): void {
    entry.timer = after(limit, () => {
      entry.ended = true
      void this.restore((other) => other === entry, 'for')
    })
  }

  #open(): Entry[] {
    return this.#entries.filter((entry) => entry.state === 'open' || entry.state === 'failed')
  }

  #withLater(chosen: (entry: Entry) => boolean): Entry[] {
    const open = this.#open()
    const wanted = new Set(open.filter(chosen))
    for (const entry of open)
      if ([...wanted].some((one) => one.id < entry.id && shareFile(one.undo.touches, entry.undo.touches)))
        wanted.add(entry)
    return [...wanted].sort((a, b) => b.id - a.id)
  }

  async #undo(entry: Entry, by: 'step' | 'end' | 'for'): Promise<Restored> {
    entry.timer?.stop()
    const start = performance.now()
    if (entry.applying) await withinTime(Promise.allSettled([entry.applying]), APPLIES_WITHIN)
    const { outcome, message, outputs, unverified } = await this.#howUndone(entry)
    entry.state = outcome
    this.#emitRestored(entry, outcome, performance.now() - start, by, { message, outputs, unverified })
    if (entry.undo.of === 'stack' && outcome === 'restored') await this.#goneWithStack()
    return { entry, outcome, message }
  }

  /** What was a piece of the stack is gone with it: to undo it later would make it again. */
  async #goneWithStack(): Promise<void> {
    for (const entry of this.#open()) {
      if (!entry.undo.goesWithStack) continue
      await this.#place.mark(entry.id, 'undone', 'gone with its stack').catch(() => undefined)
      entry.state = 'restored'
    }
  }

  async #howUndone(entry: Entry): Promise<Undone> {
    try {
      if (await this.#isFenced()) return await this.#undoneByGuardian(entry)
      const undone = await this.#undone(entry)
      // It may have begun meanwhile, and taken the script away from us.
      return undone.outcome === 'failed' && (await this.#isFenced()) ? await this.#undoneByGuardian(entry) : undone
    } catch (error) {
      return failed(messageOf(error))
    }
  }

  async #undone({ id, undo: { settles } }: Entry): Promise<Undone> {
    try {
      return await undoEntry(this.#transport, this.#place, { id, settles })
    } catch (error) {
      return failed(messageOf(error))
    }
  }

  /** It has the journal, and we may only look how far it is. */
  async #undoneByGuardian({ id }: Entry): Promise<Undone> {
    this.#takenOver = true
    const start = performance.now()
    for (;;) {
      const entry = (await this.#place.claimed())?.find((one) => one.id === id)
      const state = entry?.state ?? 'undone'
      if (state === 'undone') return { outcome: 'restored', message: 'by the guardian', unverified: false }
      if (state === 'drifted') return { outcome: 'drifted', message: entry?.message ?? '', unverified: false }
      if (state === 'failed' || performance.now() - start > GUARDIAN_LIMIT)
        return failed('the guardian could not put it back')
      await Bun.sleep(50)
    }
  }

  #emitRestored(
    entry: Entry,
    outcome: RestoreOutcome,
    duration: number,
    by: 'step' | 'end' | 'for',
    more: { message?: string | undefined; outputs?: readonly Output[] | undefined; unverified?: boolean } = {},
  ): void {
    if (entry.undo.of === 'stack' && outcome === 'restored') return
    this.#options.emit({
      is: 'restored',
      case: this.#options.case,
      entry: entry.id,
      // `--keep` leaves the change in, so the title names the change and not its undo.
      title: outcome === 'kept' ? entry.does : entry.undo.title,
      outcome,
      duration: Math.round(duration),
      by,
      message: more.message,
      ...this.#helpOf(entry, outcome, more.outputs),
      unverified: more.unverified === true ? true : undefined,
    })
  }

  #helpOf({ id }: Entry, outcome: RestoreOutcome, outputs: readonly Output[] = []) {
    if (outcome !== 'failed') return {}
    const tails = this.#options.tails?.(outputs, `undo-${id}`)
    return { ...(tails && tails.length > 0 ? { outputs: tails } : {}), hint: GIVE_UP_HINT }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

function failed(message: string): Undone {
  return { outcome: 'failed', message, unverified: false }
}

/** Steps that went on meanwhile had no fault, and prove nothing. */
export function fencedOff(): TargetError {
  return new TargetError(
    'this run was silent for longer than its lease, or cut off, so its guardian took it for gone and put everything back: nothing more is changed',
  )
}

function withoutWords(change: Change): string {
  return change.without === 'not-needed' ? 'nothing to put back' : 'not undoable'
}
