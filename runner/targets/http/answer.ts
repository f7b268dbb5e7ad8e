/** An answer whose head has come → what it says. */
import type { Readable } from 'node:stream'
import type { HttpResponse } from '../../contracts/target.ts'
import { readBody } from './body.ts'
import { type EventsBody, isEventStream, readEvents } from './events.ts'

/** The response of undici once the head of an answer is there. */
export interface Head {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readable
}

export interface ReadingLimits {
  /** How many bytes of the body are kept, once they are decoded. */
  readonly keep: number
  /** When the request was sent, on the clock of `performance.now()`. */
  readonly start: number
  /** Why a stream of events ended too early, by the error that ended it; undefined: the error is thrown. */
  cutBy(error: unknown): string | undefined
  enough?: ((soFar: HttpResponse) => boolean) | undefined
}

/** Throws when a body that is not a stream of events is cut off or late. */
export async function readAnswer({ statusCode, headers, body }: Head, limits: ReadingLimits): Promise<HttpResponse> {
  const { keep, start, cutBy, enough } = limits
  const lists = listsOf(headers)
  const flat = Object.fromEntries(Object.entries(lists).map(([name, lines]) => [name, lines.join(', ')]))
  const responseOf = ({ bytes, ...more }: Partial<EventsBody> & { bytes: Uint8Array }): HttpResponse => ({
    status: statusCode,
    headers: flat,
    headerLists: lists,
    body: bytes,
    duration: performance.now() - start,
    ...more,
  })
  const encoding = flat['content-encoding']
  if (!isEventStream(flat['content-type'])) return responseOf(await readBody(body, encoding, keep))
  return responseOf(
    await readEvents(body, encoding, {
      keep,
      cutBy,
      enough: (soFar) => enough?.(responseOf(soFar)) === true,
      isError: statusCode >= 400,
    }),
  )
}

/** Each line of each header. Names in lower case. */
function listsOf(headers: Head['headers']): Record<string, string[]> {
  const lists = new Map<string, string[]>()
  for (const [name, value = []] of Object.entries(headers)) {
    const key = name.toLowerCase()
    lists.set(key, [...(lists.get(key) ?? []), ...[value].flat().map(asUtf8)])
  }
  return Object.fromEntries(lists)
}

/** Headers come as Latin-1, as they were once defined; servers of today write UTF-8. */
function asUtf8(header: string): string {
  const text = Buffer.from(header, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? header : text
}
