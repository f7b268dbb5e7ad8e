/** Waits until a service that was started is ready: woken by its exit, polled otherwise. */
import { after } from '../../../base/timer.ts'
import { type FailureDetails, messageOf, TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'
import type { RuntimeHost } from '../../../contracts/target.ts'
import { notReady, type Seen } from '../look-until.ts'
import type { ServiceConfig } from './config.ts'
import type { ProcessService } from './known.ts'
import type { Supervising } from './supervising.ts'

/** How long one without `ready` is looked at, since what can't be started at all ends at once. In ms. */
const FIRST_MOMENT = 50

export interface Starting {
  readonly known: ProcessService
  readonly config: ServiceConfig
  readonly supervising: Supervising
  readonly host: RuntimeHost
  readonly signal: AbortSignal
  /** ms. */
  readonly limit: number
}

/** Throws a TargetError with the last lines of its log when it exits, or is not ready in time. */
export async function untilReady(starting: Starting): Promise<void> {
  const { known, signal, limit } = starting
  const start = performance.now()
  using stirs = stirred(starting)
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    signal.throwIfAborted()
    const passed = performance.now() - start
    const seen = (await hasExited(known)) ? await afterExit(starting) : await look(starting, passed, stirs.reading)
    if (seen.holds) return
    if (passed > limit) throw await notUp(starting, notReady(known.name, limit, seen), seen.details)
    await stirs.within(pause)
  }
}

/** One without `ready` may also be there to do its work and go. */
async function afterExit(starting: Starting): Promise<Seen> {
  const { known, config } = starting
  const { exit: code } = await known.look()
  if (config.ready === undefined && code === 0) return { holds: true, says: 'done' }
  throw await notUp(starting, `${known.name} exited with ${code} before it was ready`)
}

async function look({ known, config, host }: Starting, passed: number, signal: AbortSignal): Promise<Seen> {
  if (!(await known.alive())) return { holds: false, says: 'it was not started' }
  if (config.ready === undefined) return { holds: passed > FIRST_MOMENT, says: 'it was just started' }
  try {
    const seen = (await host.ready(known.name, signal)) ?? { holds: true, says: '' }
    // The answer may have come from another one that holds its port.
    return { ...seen, holds: seen.holds && (await known.alive()) !== undefined }
  } catch (error) {
    return { holds: false, says: messageOf(error) }
  }
}

/** An exit ends the pause, and the reading that is going on: it would wait for an answer that can't come any more. */
function stirred({ known, supervising, signal }: Starting) {
  const reading = new AbortController()
  let wake = () => {}
  const giveUp = () => reading.abort(new Error('given up'))
  const stir = async () => {
    if (signal.aborted || (await hasExited(known).catch(() => false))) giveUp()
    wake()
  }
  const watching = supervising.watch(known.name, stir)
  signal.addEventListener('abort', stir, { once: true })
  return {
    reading: reading.signal,
    within: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = after(ms, resolve)
        wake = () => {
          timer.stop()
          resolve()
        }
      }),
    [Symbol.dispose]: () => {
      watching[Symbol.dispose]()
      signal.removeEventListener('abort', stir)
    },
  }
}

async function hasExited(known: ProcessService): Promise<boolean> {
  const { exit, alive } = await known.look()
  return exit !== undefined && !alive
}

async function notUp({ known, config }: Starting, message: string, details: FailureDetails = {}): Promise<TargetError> {
  const logs = [{ service: known.name, lines: await known.lastLines() }]
  return new TargetError(message, { details: { place: placeOf(config), ...details, logs } })
}
