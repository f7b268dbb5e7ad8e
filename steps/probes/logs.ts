import { brief } from '../../runner/base/brief.ts'
import { knownText } from '../../runner/base/decode.ts'
import { incomplete } from '../../runner/base/incomplete.ts'
import { messageOf } from '../../runner/contracts/errors.ts'
import { oneOf, optional, service, shortOr } from '../../runner/contracts/params.ts'
import { defineProbe, type Reading } from '../../runner/contracts/probe.ts'
import type { LogLines } from '../../runner/contracts/target.ts'

interface LogParams {
  readonly service: string
  readonly since?: 'case' | 'step'
}
const detailed = (params: unknown): LogParams =>
  typeof params === 'string' ? { service: params } : (params as LogParams)

/** The log lines of a service. */
export const logs = defineProbe({
  name: 'logs',
  summary: 'Reads the log lines of a service.',
  params: shortOr(
    { type: 'string', 'x-is': 'service' },
    {
      service: service('whose log'),
      since: optional(oneOf(['case', 'step'] as const, 'since the case began (default), or since this step did')),
    },
    { description: 'a service, or a mapping with more' },
  ),
  fields: {
    lines: { description: 'the lines', type: 'list', emptyHolds: true },
    count: { description: 'how many lines', type: 'number', least: 0 },
  },
  examples: [
    { logs: 'gateway', lines: { any: { matches: 'reloaded' } } },
    { logs: 'gateway', lines: { none: { matches: 'panic|fatal' } } },
  ],
  services: (params) => [detailed(params).service],
  subject: (params) => `${detailed(params).service} log`,
  read: async (params, { target, logsSince }) => {
    const { service: name, since = 'case' } = detailed(params)
    try {
      return readingOf(await target.service(name).logs({ since: await logsSince(name, since) }))
    } catch (error) {
      return { untaken: messageOf(error) }
    }
  },
  watch: async (params, { target, logsSince }, wake) => {
    const { service: name, since = 'case' } = detailed(params)
    await logsSince(name, since)
    return target.service(name).watchLogs(wake)
  },
})

/** Where lines are missing, the list is known in part, and the count is a lower bound. */
function readingOf(lines: LogLines): Reading {
  const { length, flaw } = lines
  const last = lines.at(-1)
  const words = [`${length} lines`, last === undefined ? '' : `the last: ${brief(knownText(last))}`, flaw?.why ?? '']
  return {
    fields: flaw
      ? { lines: incomplete(flaw.why, lines, flaw.missing), count: incomplete(flaw.why, length, flaw.missing) }
      : { lines, count: length },
    says: words.filter(Boolean).join(', '),
  }
}
