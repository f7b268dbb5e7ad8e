/** What the probe `http` and the step `http` have in common: how a request is written, sent and read. */

import { exactJson } from '../../runner/base/exact-json.ts'
import { isError } from '../../runner/contracts/errors.ts'
import { isNoAnswer, type NoAnswer } from '../../runner/contracts/no-answer.ts'
import {
  anything,
  duration,
  flag,
  integer,
  optional,
  SCALAR,
  service,
  shortOr,
  Type,
  text,
  texts,
  url,
} from '../../runner/contracts/params.ts'
import type { ProbeContext, Taken } from '../../runner/contracts/probe.ts'
import type { HttpRequest, HttpResponse, Target } from '../../runner/contracts/target.ts'
import { readingOf } from './http-reading.ts'
import { hostIn, urlFault, withQuery } from './http-url.ts'
import { multipart, type Parts, sentAs } from './multipart.ts'

export const methods = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const
type Method = (typeof methods)[number]
export const bodies = ['json', 'body', 'form', 'multipart'] as const
type Pairs = Readonly<Record<string, string>>
type Lists = Readonly<Record<string, string | readonly string[]>>

const lists = (description: string) =>
  Type.Unsafe<Lists>({
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean', 'array'], 'x-is': 'text', items: SCALAR },
    description,
  })

export const httpParams = shortOr(
  { type: 'string', 'x-is': 'url', 'x-words': 'request' },
  {
    get: optional(url('GET this URL; its host may be a service of the target')),
    head: optional(url('HEAD this URL')),
    options: optional(url('OPTIONS of this URL')),
    post: optional(url('POST to this URL')),
    put: optional(url('PUT to this URL')),
    patch: optional(url('PATCH this URL')),
    delete: optional(url('DELETE this URL')),
    in: optional(service('send it from inside this service')),
    headers: optional(texts('request headers')),
    query: optional(lists('query parameters, added to the URL; a list repeats its key')),
    json: optional(anything('a body, sent as JSON')),
    body: optional(text('a body, sent as it is')),
    form: optional(lists('a body, sent as a form; a list repeats its key')),
    multipart: optional(multipart),
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
  readonly query?: Lists
  readonly json?: unknown
  readonly body?: string
  readonly form?: Lists
  readonly multipart?: Parts
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

/** The safe methods read, the others change (RFC 9110, 9.2.1). */
export function effectOf(params: unknown): 'reads' | 'changes' {
  return ['GET', 'HEAD', 'OPTIONS'].includes(methodOf(params).method) ? 'reads' : 'changes'
}

export function methodOf(params: unknown): { method: string; url: string } {
  if (typeof params === 'string') return { method: 'GET', url: params }
  const request = (params ?? {}) as Record<string, unknown>
  const method = methods.find((name) => request[name] !== undefined) ?? 'get'
  return { method: method.toUpperCase(), url: String(request[method] ?? '') }
}

/** The services that a request depends on, for those who know which there are: its host, and where it is sent from. */
export function hostOf(params: unknown): readonly string[] {
  const inside = typeof params === 'object' && params !== null ? (params as Request).in : undefined
  const host = hostIn(methodOf(params).url)
  return [host, inside].filter((name) => name !== undefined).filter((name) => !name.includes('${{'))
}

/**
 * Sends the request. Without an answer the reading is untaken, and known is only what that shows: `reachable` where nobody
 * answered, `resolves` where the name was looked up. `timeout` is in ms. An open stream of events is read until `enough` says
 * that the rest can't change anything.
 */
export async function readHttp(
  params: HttpParams,
  target: Target,
  timeout: number,
  enough?: ProbeContext['enough'],
): Promise<Taken> {
  const fault = urlFault(methodOf(params).url)
  if (fault && !methodOf(params).url.startsWith('/')) return { untaken: `${fault.message}: ${fault.hint}` }
  try {
    const request = {
      ...toRequest(params, timeout),
      enough: enough && ((soFar: HttpResponse) => enough(readingOf(soFar))),
    }
    const parts =
      typeof params === 'object' && params.multipart !== undefined ? await sentAs(params.multipart) : undefined
    return readingOf(
      await target.http(parts ? { ...request, ...parts, headers: { ...parts.headers, ...request.headers } } : request),
    )
  } catch (error) {
    if (isNoAnswer(error)) return { untaken: error.message, known: knownBy(error) }
    if (isError(error, 'target') && error.transient) return { untaken: error.message }
    throw error
  }
}

function knownBy({ shows: { reachable, resolves } }: NoAnswer): Readonly<Record<string, boolean>> {
  return { ...(reachable === undefined ? {} : { reachable }), ...(resolves === undefined ? {} : { resolves }) }
}

/** The request as it is sent, but for a multipart body; `timeout` is in ms. */
export function toRequest(params: HttpParams, timeout: number): HttpRequest & { in?: string | undefined } {
  const { method, url: address } = methodOf(params)
  const said: Request = typeof params === 'string' ? {} : params
  const body = bodyOf(said)
  return {
    method,
    url: said.query ? withQuery(address, encoded(said.query)) : address,
    headers: { ...body?.headers, ...authorization(said), ...lowered(said.headers ?? {}) },
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

function lowered(values: Pairs): Pairs {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]))
}

function encoded(values: Lists): string {
  const given = Object.entries(values).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
  return new URLSearchParams(given as [string, string][]).toString()
}
