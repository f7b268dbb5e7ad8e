import { after } from '../base/timer.ts'
import { CheckFailure, type ServiceLines } from '../contracts/errors.ts'
import type { Condition, Evidence, Verdict } from '../contracts/probe.ts'
import type { Target } from '../contracts/target.ts'
import { formatDuration } from '../contracts/units.ts'
import { History, saysOf } from './history.ts'
import type { Waited, WaitOptions } from './options.ts'
import { type Gone, Services } from './services.ts'

const FIRST_POLL = 100
const SLOWEST_POLL = 1_000
const BACKS_OFF_BY = 1.3
/** A last reading may take so long even when the time is as good as over. */
const SHORTEST_READING = 50
/** The part of its time that a reading has taken when it was cut off. */
const NEARLY = 0.9
/** Hints that come in a flood make no more than so many ms between two readings. */
const LONGEST_GAP = 50

/** One wait: what was read so far, and what wakes it. */
export class Watched implements AsyncDisposable {
  readonly #condition: Condition
  readonly #options: WaitOptions
  readonly #start = performance.now()
  readonly #history = new History()
  readonly #stack = new AsyncDisposableStack()
  #services: Services | undefined
  #gone: Gone | undefined
  #poll: number
  #because: string | undefined
  #wake: (() => void) | undefined
  #noticed = 'at the first look'
  #readings = 0
  #lastTook = 0
  #last: Verdict | undefined

  private constructor(condition: Condition, options: WaitOptions) {
    this.#condition = condition
    this.#options = options
    this.#poll = options.every ?? FIRST_POLL
  }

  /** Subscribes before the first reading: a change in between would be lost. */
  static async begin(condition: Condition, options: WaitOptions): Promise<Watched> {
    const watched = new Watched(condition, options)
    const wake = (because: string) => watched.#woken(because)
    try {
      const { context, failIf } = options
      watched.#stack.use(await condition.watch(context, wake))
      if (failIf) watched.#stack.use(await failIf.watch(context, wake))
      watched.#services = watched.#stack.use(await Services.begin(condition, context.target, wake))
      return watched
    } catch (error) {
      await watched[Symbol.asyncDispose]()
      throw error
    }
  }

  get elapsed(): number {
    return performance.now() - this.#start
  }

  /** One reading, bounded by the rest of the wait where there is one. */
  async read(rest: number | undefined): Promise<Verdict> {
    const { signal, progress, within } = this.#options
    signal.throwIfAborted()
    const woken = this.#because
    this.#because = undefined
    const before = this.elapsed
    const taken = await this.#check(this.#condition, rest)
    this.#lastTook = this.elapsed - before
    const verdict = this.#unlessCutShort(taken, rest)
    signal.throwIfAborted()
    if (this.#readings++ > 0) this.#noticed = woken ?? `by polling, ${this.#readings} readings`
    this.#last = verdict
    this.#history.add(this.elapsed, verdict)
    progress?.(saysOf(verdict), this.elapsed, within)
    return verdict
  }

  /** Until something wakes it, the next poll, or the limit. */
  async pause(limit: number): Promise<void> {
    if (this.#because !== undefined) return this.#sleep(Math.min(this.#lastTook, LONGEST_GAP, limit))
    let isWoken = false
    const wake = (end: () => void) => {
      this.#wake = () => {
        isWoken = true
        end()
      }
    }
    await this.#sleep(Math.min(this.#poll, limit), { wake })
    this.#wake = undefined
    const { every } = this.#options
    // What follows a hint follows soon.
    this.#poll = every ?? (isWoken ? FIRST_POLL : Math.min(this.#poll * BACKS_OFF_BY, SLOWEST_POLL))
  }

  end(verdict: Verdict): Waited {
    return {
      reading: verdict.readings.at(-1) ?? { fields: {}, says: '' },
      history: this.#history.entries,
      noticed: this.#noticed,
      elapsed: this.elapsed,
    }
  }

  failure(prefix: string, verdict: Verdict, logs: readonly ServiceLines[] = []): CheckFailure {
    return new CheckFailure(`${prefix}${saysOf(verdict)}`, {
      place: verdict.is === 'untaken' ? verdict.place : this.#condition.place,
      misses: verdict.is === 'fails' ? verdict.misses : [],
      history: this.#history.entries,
      last: verdict.readings.at(-1)?.says ?? (verdict.is === 'untaken' ? verdict.why : undefined),
      logs,
      ...evidenceOf(verdict, this.#condition, this.#options.context.target),
    })
  }

  /** Throws when waiting on would help nobody: `fail-if` holds, or a service that was running has exited. */
  async refuseInVain(verdict: Verdict): Promise<void> {
    const { failIf } = this.#options
    if (failIf && (await this.#check(failIf, undefined)).is === 'holds')
      throw this.failure(
        `given up after ${formatDuration(this.elapsed)}, since \`fail-if\` holds (${failIf.says}): `,
        verdict,
      )
    if (this.#gone) throw this.failure(`${this.#gone.says}: `, verdict, this.#gone.logs)
    // What it did last may not have been seen yet, so there is one more reading.
    this.#gone = await this.#services?.gone()
    if (this.#gone) this.#because ??= this.#gone.says
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #woken(because: string): void {
    this.#because ??= because
    this.#wake?.()
  }

  /** Bounded by the rest, whatever the probe makes of its time limit. */
  async #check(condition: Condition, rest: number | undefined): Promise<Verdict> {
    const { context, within } = this.#options
    if (rest === undefined || within === 0) return condition.check(context)
    const most = Math.ceil(Math.max(SHORTEST_READING, rest))
    const over = new AbortController()
    const late = this.#sleep(most + SHORTEST_READING, { until: over.signal }).then((): Verdict => {
      const why = `no reading within ${formatDuration(most)}`
      return { is: 'untaken', why, place: condition.place, readings: [] }
    })
    try {
      const timeout = Math.min(context.timeout, most)
      return await Promise.race([condition.check({ ...context, timeout, rest: most }), late])
    } finally {
      over.abort()
    }
  }

  /** A reading that ran out of the wait's time says less than the one before it. */
  #unlessCutShort(verdict: Verdict, rest: number | undefined): Verdict {
    const isShort = rest !== undefined && rest < this.#options.context.timeout
    const isCut = verdict.is === 'untaken' && isShort && this.#lastTook >= rest * NEARLY
    return isCut && this.#last ? this.#last : verdict
  }

  /** With a timer that keeps the process alive, which `AbortSignal.timeout` does not. */
  async #sleep(time: number, by: { wake?: (end: () => void) => void; until?: AbortSignal } = {}): Promise<void> {
    const signals = [this.#options.signal, ...(by.until ? [by.until] : [])]
    await new Promise<void>((resolve) => {
      const end = () => {
        timer.stop()
        for (const signal of signals) signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = after(time, end)
      for (const signal of signals) signal.addEventListener('abort', end, { once: true })
      by.wake?.(end)
    })
  }
}

/** A reading that was cut off knows nothing of itself, and the condition still knows what it asks. */
export function evidenceOf(verdict: Verdict, condition: Condition, target: Target): Evidence {
  const { asked, outputs }: Evidence = verdict.is === 'holds' ? {} : verdict
  return { asked: asked ?? condition.asked(target), outputs }
}
