import { incomplete } from '../runner/base/incomplete.ts'
import { CheckFailure } from '../runner/contracts/errors.ts'
import type { Reading, Taken } from '../runner/contracts/probe.ts'
import { defineStep } from '../runner/contracts/step.ts'
import { askedRequest } from './shared/asked.ts'
import { checkRequest } from './shared/http-check.ts'
import { httpFields } from './shared/http-reading.ts'
import { effectOf, type HttpParams, hostOf, httpParams, readHttp } from './shared/http-request.ts'

/** Sends a request. */
export const http = defineStep({
  name: 'http',
  summary: 'Sends an HTTP request; GET, HEAD and OPTIONS read, other methods change.',
  effect: effectOf,
  undoable: true,
  params: httpParams,
  reading: httpFields,
  expects: { status: { lt: 400 } },
  timeout: '60s',
  examples: ['http://gateway/health', { post: 'http://gateway/api/submit', json: { work: 1 } }],
  check: (params, { place }) => checkRequest(params, place),
  asked: (params, target) => askedRequest(params as HttpParams, target),
  services: hostOf,
  run: async (params, context) => {
    const { timeout } = typeof params === 'string' ? {} : params
    const taken = await readHttp(
      params as HttpParams,
      context.target,
      context.measure(timeout ?? '60s'),
      context.enough,
    )
    return taken.fields === undefined ? unanswered(taken) : taken
  },
})

/** The plan may expect that nobody answers; all other fields are unknown then. */
function unanswered({ untaken, known = {} }: Extract<Taken, { fields?: undefined }>): Reading {
  if (Object.keys(known).length === 0) throw new CheckFailure(untaken)
  const nothing = incomplete(untaken)
  const fields = Object.fromEntries(Object.keys(httpFields).map((name) => [name, nothing]))
  return { fields: { ...fields, ...known }, document: nothing, says: untaken, unanswered: untaken }
}
