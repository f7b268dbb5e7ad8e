/** The one waiter: subscribe, read, read again when woken, and a slow poll behind. */
import { CheckFailure, type HistoryEntry, isError, messageOf, type ServiceLines } from './contracts/errors.ts'
import type { Condition, ProbeContext, Reading, Verdict } from './contracts/probe.ts'
import type { Service } from './contracts/target.ts'
import { formatDuration } from './contracts/units.ts'

const FIRST_POLL = 100
const SLOWEST_POLL = 1_000
const LONGEST_HISTORY = 50
const LAST_LINES = 10

export interface WaitOptions {
  readonly context: ProbeContext
  /** All times in ms. */
  readonly within: number
  readonly hold?: number | undefined
  readonly every?: number | undefined
  readonly failIf?: Condition | undefined
  readonly progress?: ((says: string, elapsed: number, within: number) => void) | undefined
  readonly signal: AbortSignal
}

export interface Waited {
  readonly reading: Reading
  readonly history: readonly HistoryEntry[]
  /** How it was noticed: `gateway logged a line`, `by polling`. */
  readonly noticed: string
  readonly elapsed: number
}

/** Waits until the condition holds, and, with `hold`, stays so. Throws a CheckFailure that tells how the value changed. */
export async function waitFor(condition: Condition, options: WaitOptions): Promise<Waited> {
  await using watched = await Watched.begin(condition, options)
  const { within, hold } = options
  let heldSince: number | undefined
  for (;;) {
    const verdict = await watched.read(heldSince === undefined ? within - watched.elapsed : undefined)
    const { elapsed } = watched
    if (verdict.is === 'holds') {
      heldSince ??= elapsed
      if (hold === undefined || elapsed - heldSince >= hold) return watched.end(verdict)
    } else {
      if (heldSince !== undefined && elapsed > within)
        throw watched.failure(`it was true after ${formatDuration(heldSince)}, but broke again`, verdict)
      heldSince = undefined
      await watched.refuseGivingUp(verdict)
      if (elapsed >= within) throw watched.failure(`not within ${formatDuration(within)}`, verdict)
    }
    await watched.pause(heldSince === undefined ? within - elapsed : (hold ?? 0) - (elapsed - heldSince))
  }
}

/** A condition must stay true for a time (Gomega's "Consistently"); what can't be read breaks it. */
export async function holdFor(
  condition: Condition,
  options: Omit<WaitOptions, 'within'> & { readonly for: number },
): Promise<Waited> {
  await using watched = await Watched.begin(condition, { ...options, within: options.for })
  for (;;) {
    const verdict = await watched.read(undefined)
    if (verdict.is !== 'holds')
      throw watched.failure(
        `it did not stay true for ${formatDuration(options.for)}: after ${formatDuration(watched.elapsed)}`,
        verdict,
      )
    if (watched.elapsed >= options.for) return watched.end(verdict)
    await watched.pause(options.for - watched.elapsed)
  }
}

/** One wait: what was read so far, and what wakes it. */
class Watched implements AsyncDisposable {
  readonly #condition: Condition
  readonly #options: WaitOptions
  readonly #start = performance.now()
  readonly #history: { t: number; says: string; times: number }[] = []
  readonly #stack = new AsyncDisposableStack()
  readonly #running = new Set<string>()
  #poll: number
  #because: string | undefined
  #noticed = 'at the first look'
  #readings = 0
  #wake: (() => void) | undefined

  private constructor(condition: Condition, options: WaitOptions) {
    this.#condition = condition
    this.#options = options
    this.#poll = options.every ?? FIRST_POLL
  }

  /** Subscribes before the first reading: a change in between would be lost. */
  static async begin(condition: Condition, options: WaitOptions): Promise<Watched> {
    const watched = new Watched(condition, options)
    const wake = (because: string) => {
      watched.#because ??= because
      watched.#wake?.()
    }
    watched.#stack.use(await condition.watch(options.context, wake))
    await watched.#watchServices(wake)
    return watched
  }

  get elapsed(): number {
    return performance.now() - this.#start
  }

  /** One reading, no longer than the rest of the wait. */
  async read(rest: number | undefined): Promise<Verdict> {
    const { context, signal, progress, within } = this.#options
    if (signal.aborted) throw signal.reason
    const woken = this.#because
    this.#because = undefined
    const timeout = rest === undefined ? context.timeout : Math.max(50, Math.min(context.timeout, rest))
    const verdict = await this.#condition.check({ ...context, timeout })
    if (signal.aborted) throw signal.reason
    if (this.#readings++ > 0) this.#noticed = woken === undefined ? `by polling, ${this.#readings} readings` : woken
    const says = saysOf(verdict)
    this.#remember(says)
    progress?.(says, this.elapsed, within)
    return verdict
  }

  /** Until something wakes it, the next poll, or the limit. */
  async pause(limit: number): Promise<void> {
    if (this.#because !== undefined) return
    const { signal, every } = this.#options
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(this.#poll, limit)))
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      this.#wake = end
      signal.addEventListener('abort', end, { once: true })
    })
    this.#wake = undefined
    this.#poll = every ?? Math.min(this.#poll * 1.3, SLOWEST_POLL)
  }

  end(verdict: Verdict): Waited {
    return {
      reading: verdict.readings.at(-1) ?? { fields: {}, says: '' },
      history: this.#history,
      noticed: this.#noticed,
      elapsed: this.elapsed,
    }
  }

  failure(prefix: string, verdict: Verdict, logs: readonly ServiceLines[] = []): CheckFailure {
    return new CheckFailure(`${prefix}: ${saysOf(verdict)}`, {
      place: verdict.is === 'untaken' ? verdict.place : this.#condition.place,
      misses: verdict.is === 'fails' ? verdict.misses : [],
      history: this.#history,
      last: verdict.readings.at(-1)?.says,
      logs,
    })
  }

  /** `fail-if` holds, or a service that was running has exited: waiting on would help nobody. */
  async refuseGivingUp(verdict: Verdict): Promise<void> {
    const { failIf, context } = this.#options
    if (failIf && (await failIf.check(context)).is === 'holds')
      throw this.failure(`given up, since \`fail-if\` holds (${failIf.says})`, verdict)
    for (const name of this.#running) {
      const service = context.target.service(name)
      const { state, exit } = await service.state()
      if (state !== 'exited' && state !== 'removed') continue
      const code = exit === undefined ? '' : ` with ${exit}`
      throw this.failure(`${name} ${state}${code} while it was waited for`, verdict, [
        { service: name, lines: await lastLines(service) },
      ])
    }
  }

  async #watchServices(wake: (because: string) => void): Promise<void> {
    const { target } = this.#options.context
    for (const { name, namesState } of this.#condition.services) {
      if (namesState || this.#running.has(name) || !target.services().includes(name)) continue
      const service = target.service(name)
      if ((await service.state()).state !== 'running') continue
      this.#running.add(name)
      this.#stack.use(await service.watch(wake))
    }
  }

  #remember(says: string): void {
    const last = this.#history.at(-1)
    if (last?.says === says) last.times++
    else this.#history.push({ t: Math.round(this.elapsed), says, times: 1 })
    // The first reading and the latest ones tell the story.
    if (this.#history.length > LONGEST_HISTORY) this.#history.splice(1, 1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]()
  }
}

async function lastLines(service: Service): Promise<readonly string[]> {
  try {
    return await service.logs({ last: LAST_LINES })
  } catch (error) {
    return isError(error, 'target') ? [messageOf(error)] : []
  }
}

function saysOf(verdict: Verdict): string {
  if (verdict.is === 'untaken') return verdict.why
  if (verdict.is === 'holds') return verdict.readings.map(({ says }) => says).join('; ')
  return verdict.misses.map((miss) => `${miss.path} is ${miss.actual}, expected ${miss.expected}`).join('; ')
}
