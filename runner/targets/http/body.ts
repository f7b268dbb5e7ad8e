/** The body of an answer, up to a limit, and the events of one that is a stream of them. */
import type { Readable } from 'node:stream'

/** After `[DONE]` nothing is expected any more, but a stream that goes on regardless should be seen to. */
const AFTER_DONE = 250

export interface Body {
  readonly bytes: Uint8Array
  /** Something was left out: it was longer than `keep`, or a stream had not ended in time. */
  readonly truncated: boolean
}

/** Throws when it is cut off or late. */
export async function readBody(body: Readable, keep: number): Promise<Body> {
  const kept = new Bytes(keep)
  for await (const chunk of body) if (!kept.add(chunk as Uint8Array)) break
  return kept.body()
}

/**
 * Reads a stream of server-sent events until it ends, or a moment after `[DONE]`. One that is cut by the time limit or by
 * its server gives the events that came until then, marked as truncated; it is an error only when there were none.
 */
export async function readEvents(body: Readable, keep: number): Promise<Body & { events: string[] }> {
  const { createParser } = await import('eventsource-parser')
  const kept = new Bytes(keep)
  const events: string[] = []
  let last: ReturnType<typeof setTimeout> | undefined
  let done = false
  const parser = createParser({
    onEvent: ({ data }) => {
      events.push(data)
      if (data !== '[DONE]' || done) return
      done = true
      last = setTimeout(() => body.destroy(), AFTER_DONE)
    },
  })
  const decoder = new TextDecoder()
  let cut = false
  try {
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }))
      if (!kept.add(chunk as Uint8Array)) break
    }
  } catch (error) {
    if (events.length === 0) throw error
    cut = !done
  } finally {
    clearTimeout(last)
  }
  const { bytes, truncated } = kept.body()
  return { bytes, truncated: truncated || cut, events }
}

class Bytes {
  readonly #limit: number
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #over = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** False: the limit is reached and there was more. */
  add(chunk: Uint8Array): boolean {
    const part = chunk.subarray(0, this.#limit - this.#size)
    if (part.length > 0) this.#chunks.push(part)
    this.#size += part.length
    this.#over = part.length < chunk.length
    return !this.#over
  }

  body(): Body {
    return { bytes: Buffer.concat(this.#chunks), truncated: this.#over }
  }
}
