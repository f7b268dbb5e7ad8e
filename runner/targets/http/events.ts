/** Streams of server-sent events (WHATWG HTML, 9.2), which may stay open for ever. */
import type { Readable } from 'node:stream'
import { after, type Timer } from '../../base/timer.ts'
import type { ServerEvent } from '../../contracts/target.ts'
import { type Body, Bytes } from './body.ts'
import { decoded, Undecodable } from './content-encoding.ts'
import { unlessReset } from './reset.ts'

/** After `[DONE]` nothing is expected any more, but a stream that goes on regardless should be seen to. In ms. */
const AFTER_DONE = 250
/** Looking at what has come takes at most this part of the time. */
const LOOKS_FOR = 0.2

export interface EventsBody extends Body {
  readonly events: readonly ServerEvent[]
}

export interface StreamLimits {
  /** How many bytes are kept, once they are decoded. */
  readonly keep: number
  /** Why the stream ended too early, by the error that ended it; undefined: nothing may be made of what has come. */
  cutBy(error: unknown): string | undefined
  /** Whether the rest of the stream can't change anything any more. */
  enough?(soFar: EventsBody): boolean
  /** The first event is waited for: the stream tells of an error. */
  readonly isError?: boolean | undefined
}

const STILL_OPEN = 'the stream was still open'

export function isEventStream(contentType: string | undefined): boolean {
  return /^\s*text\/event-stream\s*(;|$)/i.test(contentType ?? '')
}

/**
 * Reads until the stream ends, a limit ends it, what has come is enough, or a moment after `[DONE]`. Throws what `cutBy`
 * knows no words for.
 */
export async function readEvents(
  body: Readable,
  encoding: string | undefined,
  limits: StreamLimits,
): Promise<EventsBody> {
  // A body that is destroyed emits an error, also where nobody reads it any more.
  body.on('error', () => undefined)
  const { createParser } = await import('eventsource-parser')
  const kept = new Bytes(limits.keep)
  const events: ServerEvent[] = []
  const soFar = () => ({ ...kept.body(), events })
  let ended: 'done' | 'enough' | undefined
  const end = (why: 'done' | 'enough') => {
    ended = why
    body.destroy()
  }
  const look = new Paced(() => {
    if (isEnough({ ...soFar(), cut: STILL_OPEN }, limits)) end('enough')
  })
  let last: Timer | undefined
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => {
      events.push({ event, ...(id === undefined ? {} : { id }), data })
      if (data === '[DONE]') last ??= after(AFTER_DONE, () => end('done'))
    },
  })
  // The charset does not matter: a stream of events is always UTF-8.
  const decoder = new TextDecoder()
  try {
    if (!limits.isError) look.now()
    for await (const chunk of decoded(unlessReset(body), encoding)) {
      const before = events.length
      parser.feed(decoder.decode(chunk, { stream: true }))
      if (ended !== undefined || !kept.add(chunk)) break
      if (events.length > before) look.now()
    }
  } catch (error) {
    if (error instanceof Undecodable) return { bytes: new Uint8Array(), events: [], undecoded: error.message }
    if (ended !== undefined) return ended === 'done' ? soFar() : { ...soFar(), cut: STILL_OPEN }
    const cut = limits.cutBy(error)
    if (cut === undefined) throw error
    return { ...soFar(), cut }
  } finally {
    last?.stop()
    look.stop()
    body.destroy()
  }
  return ended === 'enough' ? { ...soFar(), cut: STILL_OPEN } : soFar()
}

/** A judgement that throws is made again, and told of, once all is read. */
function isEnough(soFar: EventsBody, limits: StreamLimits): boolean {
  try {
    return limits.enough?.(soFar) === true
  } catch {
    return false
  }
}

/** Does something again and again without spending more than a part of the time on it. */
class Paced {
  readonly #work: () => void
  #due = 0
  #timer: Timer | undefined

  constructor(work: () => void) {
    this.#work = work
  }

  /** At once, or as soon as its turn comes. */
  now(): void {
    if (this.#timer !== undefined) return
    const wait = this.#due - performance.now()
    if (wait <= 0) this.#run()
    else
      this.#timer = after(wait, () => {
        this.#timer = undefined
        this.#run()
      })
  }

  stop(): void {
    this.#timer?.stop()
  }

  #run(): void {
    const start = performance.now()
    this.#work()
    const took = performance.now() - start
    this.#due = performance.now() + took / LOOKS_FOR
  }
}
