import { defineProbe } from '../../runner/contracts/probe.ts'
import { askedRequest } from '../shared/asked.ts'
import { checkRequest } from '../shared/http-check.ts'
import { httpFields } from '../shared/http-reading.ts'
import { effectOf, type HttpParams, hostOf, httpParams, methodOf, readHttp } from '../shared/http-request.ts'
import { timeLimit } from '../shared/time-limit.ts'

/** Sends a request and reads the answer. Nothing tells of a change, so a wait polls it. */
export const http = defineProbe({
  name: 'http',
  summary: 'Sends an HTTP request and reads the answer.',
  params: httpParams,
  fields: httpFields,
  expects: { status: { lt: 400 } },
  examples: [
    { http: 'http://gateway/api/state', expect: { '$.node': 'up' } },
    { http: 'http://gateway/health', status: 200 },
  ],
  effect: effectOf,
  check: checkRequest,
  services: hostOf,
  subject: (params) => methodOf(params).url,
  asked: (params, target) => askedRequest(params as HttpParams, target),
  read: (params, context) => {
    const { timeout } = typeof params === 'string' ? {} : params
    return readHttp(params as HttpParams, context.target, timeLimit(timeout, context), context.enough)
  },
})
