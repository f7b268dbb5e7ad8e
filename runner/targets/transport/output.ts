import { constants } from 'node:os'

/** A child that goes on may hold the pipes of a command that has ended. After so many ms without output the rest is the child's. */
const QUIET_GRACE = 100
/** The same for a child that keeps writing, with pauses in between. */
export const SHORT_GRACE = 300
/** ms between two looks. */
const SAMPLE = 25
/** How long a remote output that flows without a pause is read on, in ms. */
export const LONG_GRACE = 2_000

/** What was kept of an output. */
export interface Kept {
  /**
   * Call it once the command has ended: resolves at the end of the output, when nothing more comes, or after 0.3 s.
   * Later output of a child is read and dropped, so that it neither blocks nor gets a SIGPIPE.
   */
  drained(): Promise<void>
  bytes(): Uint8Array
  /** Whether there was more than was kept. */
  cut(): boolean
  /** Once it is drained: whether somebody still holds it. */
  held(): boolean
}

/** Keeps `limit` bytes of the pieces that it is given. */
export class Keeper {
  readonly #limit: number
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #over = false
  /** Bytes that came. */
  seen = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  take(piece: Uint8Array): void {
    if (this.#over) return
    const kept = piece.subarray(0, this.#limit - this.#size)
    if (kept.length > 0) this.#chunks.push(kept)
    this.#size += kept.length
    this.seen += piece.length
  }

  /** Later output comes from another process. */
  end(): void {
    this.#over = true
  }

  bytes(): Uint8Array {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks)
  }

  cut(): boolean {
    return this.seen > this.#size
  }
}

/** Reads an output to its end and keeps `limit` bytes; the rest is dropped, so that the command does not block. */
export function keepOutput(stream: ReadableStream<Uint8Array>, limit: number): Kept {
  const keeper = new Keeper(limit)
  const whole = readInto(keeper, stream)
  let held = false
  return {
    drained: async () => {
      held = (await restOf(whole, keeper, SHORT_GRACE)) !== 'ended'
      keeper.end()
    },
    held: () => held,
    bytes: () => keeper.bytes(),
    cut: () => keeper.cut(),
  }
}

/** Resolves at the end of a stream, also when it can't be read any more. */
export async function readInto(keeper: Keeper, stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) keeper.take(next.value)
  } catch {}
}

export type Rest = 'ended' | 'quiet' | 'talking'

/**
 * The fate of an output whose command has ended: it ends, or a child goes on and holds it. The text that the command itself
 * wrote arrives without a pause, however slow the way is; so a pause shows that what comes then is a child's.
 * `talking`: there was no pause within `most` ms, and nobody can tell the two apart.
 */
export async function restOf(whole: Promise<unknown>, output: { readonly seen: number }, most: number): Promise<Rest> {
  const start = performance.now()
  let ended = false
  void whole.then(() => {
    ended = true
  })
  let before = output.seen
  let idle = 0
  for (let paused = false; ; before = output.seen) {
    await Promise.race([whole, Bun.sleep(SAMPLE)])
    if (ended) return 'ended'
    idle = output.seen === before ? idle + SAMPLE : 0
    paused ||= idle > 0
    const passed = performance.now() - start
    if (idle >= QUIET_GRACE || (paused && passed >= SHORT_GRACE)) return 'quiet'
    if (passed >= most) return 'talking'
  }
}

/** How a child ended, as a shell counts: 128 + N when signal N ended it. */
export function howEnded({ exitCode, signalCode }: Pick<Bun.Subprocess, 'exitCode' | 'signalCode'>) {
  if (signalCode === null) return { code: exitCode ?? 1 }
  const signal = Object.entries(constants.signals).find(
    ([name, number]) => signalCode === name || signalCode === number,
  )
  return signal ? { code: 128 + signal[1], signal: signal[0] } : { code: exitCode ?? 1 }
}
