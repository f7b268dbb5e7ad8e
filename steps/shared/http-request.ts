/** What the probe `http` and the step `http` have in common: how a request is written, sent and read. */

import { brief } from '../../runner/base/brief.ts'
import { exactJson } from '../../runner/base/exact-json.ts'
import { parseJson } from '../../runner/base/json.ts'
import { isError } from '../../runner/contracts/errors.ts'
import { isNoAnswer, type NoAnswer } from '../../runner/contracts/no-answer.ts'
import {
  anything,
  duration,
  flag,
  integer,
  optional,
  service,
  shortOr,
  Type,
  text,
  url,
} from '../../runner/contracts/params.ts'
import type { Field, Taken } from '../../runner/contracts/probe.ts'
import type { HttpRequest, HttpResponse, Target } from '../../runner/contracts/target.ts'

export const methods = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const
type Method = (typeof methods)[number]
type Pairs = Record<string, string | number | boolean>

const pairs = (description: string) =>
  Type.Unsafe<Pairs>({ type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] }, description })

export const httpParams = shortOr(
  { type: 'string', 'x-is': 'url', 'x-words': 'request' },
  {
    get: optional(url('GET this URL; its host may be a service of the target')),
    head: optional(url('HEAD this URL')),
    post: optional(url('POST to this URL')),
    put: optional(url('PUT to this URL')),
    patch: optional(url('PATCH this URL')),
    delete: optional(url('DELETE this URL')),
    in: optional(service('send it from inside this service')),
    headers: optional(pairs('request headers')),
    query: optional(pairs('query parameters, added to the URL')),
    json: optional(anything('a body, sent as JSON')),
    body: optional(text('a body, sent as it is')),
    form: optional(pairs('a body, sent as a form')),
    bearer: optional(text('a token for `Authorization: Bearer`')),
    basic: optional(text('`user:password` for `Authorization: Basic`')),
    redirects: optional(integer('how many redirects are followed (default 0)', { minimum: 0, maximum: 20 })),
    cookies: optional(flag('send and keep the cookies of the case (default true)')),
    ca: optional(text('PEM text of an authority to trust')),
    cert: optional(text('PEM text of a client certificate to show')),
    key: optional(text('PEM text of its key, out of `secrets`')),
    timeout: optional(duration('how long the whole exchange may take (default 5s in conditions, 60s as a step)')),
  },
  { description: 'a URL to GET, or a request' },
)

interface Request {
  readonly in?: string
  readonly headers?: Pairs
  readonly query?: Pairs
  readonly json?: unknown
  readonly body?: string
  readonly form?: Pairs
  readonly bearer?: string
  readonly basic?: string
  readonly redirects?: number
  readonly cookies?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly timeout?: string
}
export type HttpParams = string | (Request & { readonly [M in Method]?: string })

export const httpFields: Readonly<Record<string, Field>> = {
  status: { description: 'the status code', type: 'number' },
  headers: { description: 'response headers, names in lower case: headers.content-type', type: 'text' },
  text: { description: 'the body as text', type: 'text' },
  json: { description: 'the body as JSON; `$` paths look into it', type: 'any' },
  duration: { description: 'how long it took, in ms', type: 'number', least: 0 },
  reachable: { description: 'whether there was an answer at all, whatever its status', type: 'boolean', reach: true },
  resolves: { description: 'whether the name of the host leads to an address', type: 'boolean', reach: true },
  events: { description: 'of a stream: the data of each event; events.last and events.text', type: 'list' },
}

/** GET and HEAD read, other methods change. */
export function methodOf(params: unknown): { method: string; url: string } {
  if (typeof params === 'string') return { method: 'GET', url: params }
  const request = (params ?? {}) as Record<string, unknown>
  const method = methods.find((name) => request[name] !== undefined) ?? 'get'
  return { method: method.toUpperCase(), url: String(request[method] ?? '') }
}

/** The services that a request depends on, for those who know which there are: its host, and where it is sent from. */
export function hostOf(params: unknown): readonly string[] {
  const inside = typeof params === 'object' && params !== null ? (params as Request).in : undefined
  const host = /^https?:\/\/([^/:?#]+)/.exec(methodOf(params).url)?.[1]
  return [host, inside].filter((name) => name !== undefined).filter((name) => !name.includes('${{'))
}

/**
 * Sends the request. Without an answer the reading is untaken, and known is only what that shows: `reachable` where nobody
 * answered, `resolves` where the name was looked up. `timeout` is in ms.
 */
export async function readHttp(params: HttpParams, target: Target, timeout: number): Promise<Taken> {
  try {
    return readingOf(await target.http(toRequest(params, timeout)))
  } catch (error) {
    if (isNoAnswer(error)) return { untaken: error.message, known: knownBy(error) }
    if (isError(error, 'target') && error.transient) return { untaken: error.message }
    throw error
  }
}

function knownBy({ shows: { reachable, resolves } }: NoAnswer): Readonly<Record<string, boolean>> {
  return { ...(reachable === undefined ? {} : { reachable }), ...(resolves === undefined ? {} : { resolves }) }
}

/** The request as it is sent; `timeout` is in ms. */
export function toRequest(params: HttpParams, timeout: number): HttpRequest & { in?: string | undefined } {
  const { method, url: address } = methodOf(params)
  const said: Request = typeof params === 'string' ? {} : params
  const body = bodyOf(said)
  return {
    method,
    url: said.query ? `${address}${address.includes('?') ? '&' : '?'}${encoded(said.query)}` : address,
    headers: { ...body?.headers, ...authorization(said), ...texts(said.headers ?? {}) },
    ...(body === undefined ? {} : { body: body.content }),
    redirects: said.redirects,
    cookies: said.cookies,
    ca: said.ca,
    cert: said.cert,
    key: said.key,
    in: said.in,
    timeout,
  }
}

function bodyOf(said: Request): { content: string; headers: Record<string, string> } | undefined {
  if (said.json !== undefined) return { content: exactJson(said.json), headers: { 'content-type': 'application/json' } }
  if (said.form !== undefined)
    return { content: encoded(said.form), headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  return said.body === undefined ? undefined : { content: said.body, headers: {} }
}

function authorization({ bearer, basic }: Request): Record<string, string> {
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` }
  return basic === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }
}

function texts(values: Pairs): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function encoded(values: Pairs): string {
  return new URLSearchParams(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  ).toString()
}

function readingOf(response: HttpResponse): Taken {
  const body = Buffer.from(response.body).toString('utf8')
  const { status, headers, duration: took, events } = response
  const document = events ? events.map(parseJson).filter((item) => item !== undefined) : parseJson(body)
  const cut = response.truncated ? ' (cut off: the body is larger than is kept)' : ''
  return {
    fields: {
      status,
      headers,
      text: body,
      json: document,
      duration: Math.round(took),
      reachable: true,
      resolves: true,
      ...(events ? { events: eventsField(events) } : {}),
    },
    document,
    says: `${status} ${brief(body)}${cut}`,
  }
}

/** A list that also has `last` and `text`. */
function eventsField(events: readonly string[]): unknown {
  return Object.assign([...events], { last: events.at(-1), text: events.join('\n') })
}
