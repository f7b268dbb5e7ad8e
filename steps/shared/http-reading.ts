/** An HTTP response as a reading. */
import { anyCase } from '../../runner/base/any-case.ts'
import { brief } from '../../runner/base/brief.ts'
import { decodeText, knownText } from '../../runner/base/decode.ts'
import { type Incomplete, incomplete, isIncomplete } from '../../runner/base/incomplete.ts'
import { type JsonRead, readJson } from '../../runner/base/json.ts'
import type { Field, Reading } from '../../runner/contracts/probe.ts'
import type { HttpResponse, ServerEvent } from '../../runner/contracts/target.ts'

export const httpFields: Readonly<Record<string, Field>> = {
  status: { description: 'the status code', type: 'number' },
  headers: {
    description: 'response headers, names in any case: headers.Content-Type; lines of one name are joined with ", "',
    type: 'text',
  },
  'header-lists': {
    description: 'the same with a list of its lines for each name: header-lists.Set-Cookie',
    type: 'mapping',
  },
  text: { description: 'the body as text', type: 'text' },
  json: { description: 'the body as JSON; `$` paths look into it', type: 'any' },
  duration: { description: 'how long it took, in ms', type: 'number', least: 0 },
  reachable: { description: 'whether there was an answer at all, whatever its status', type: 'boolean', reach: true },
  resolves: { description: 'whether the name of the host leads to an address', type: 'boolean', reach: true },
  events: { description: 'of a stream: the data of each event', type: 'list' },
  'events.last': { description: 'of a stream that has ended: the data of its last event', type: 'text' },
  'events.text': { description: 'of a stream: the data of all events, one below the other', type: 'text' },
  'event-list': { description: 'of a stream: each event as {event, id, data}', type: 'list' },
}

export function readingOf(response: HttpResponse): Reading {
  const text = textOf(response)
  const { document, noDocument } = response.events ? eventsJson(response.events, text) : bodyJson(text)
  const { status, headers, headerLists, duration, events, cut } = response
  const ms = Math.round(duration)
  return {
    fields: {
      status,
      headers: anyCase(headers),
      'header-lists': anyCase(headerLists),
      text,
      json: document,
      duration: cut === undefined ? ms : incomplete(cut, ms),
      reachable: true,
      resolves: true,
      ...(events ? eventFields(events, text) : {}),
    },
    document,
    noDocument,
    says: [`${status} ${brief(knownText(text))}`.trim(), isIncomplete(text) ? `(${text.why})` : ''].join(' ').trim(),
  }
}

function textOf({ body, cut, undecoded, headers, events }: HttpResponse): string | Incomplete {
  if (undecoded !== undefined) return incomplete(undecoded)
  // A stream of events is always UTF-8 (WHATWG HTML, 9.2.5).
  return decodeText(body, { cut, charset: events ? undefined : charsetOf(headers['content-type']) })
}

/** `text/html; charset="ISO-8859-1"` → `ISO-8859-1` (RFC 9110, 8.3.2). */
function charsetOf(contentType = ''): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(contentType) ?? []
  return (quoted ?? plain)?.trim() || undefined
}

function bodyJson(text: string | Incomplete): JsonRead {
  return isIncomplete(text) ? { document: incomplete(text.why) } : readJson(text)
}

/** The list of those events that are JSON: `[DONE]` and the like are not. */
function eventsJson(events: readonly ServerEvent[], text: string | Incomplete): JsonRead {
  const documents = events.map(({ data }) => readJson(data).document).filter((document) => document !== undefined)
  return { document: documents.find(isIncomplete) ?? asKnownAs(text, documents) }
}

function eventFields(events: readonly ServerEvent[], text: string | Incomplete): Reading['fields'] {
  const data = events.map((event) => event.data)
  return {
    events: asKnownAs(text, data),
    'events.last': isIncomplete(text) ? incomplete(text.why) : data.at(-1),
    'events.text': asKnownAs(text, data.join('\n')),
    'event-list': asKnownAs(text, events),
  }
}

/** A value derived from an incomplete text is incomplete, too. */
function asKnownAs<T extends string | readonly unknown[]>(text: string | Incomplete, made: T): T | Incomplete {
  if (!isIncomplete(text)) return made
  return text.part === undefined ? incomplete(text.why) : incomplete(text.why, made, text.missing)
}
