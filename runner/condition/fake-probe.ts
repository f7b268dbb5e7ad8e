/** A probe whose readings a test puts in: it reads the next of a list, and the last one for ever. */
import { text } from '../contracts/params.ts'
import type { Field, ProbeContext, ProbeKind, Taken } from '../contracts/probe.ts'
import { shown } from '../matchers.ts'

export const fields: Readonly<Record<string, Field>> = {
  status: { description: 'a number', type: 'number', least: 0 },
  state: { description: 'a word', type: 'any', words: ['running', 'exited', 'healthy', 'unhealthy'] },
  headers: { description: 'pairs', type: 'text' },
  lines: { description: 'lines', type: 'list', emptyHolds: true },
  mode: { description: 'octal', type: 'text', digits: 4 },
  reachable: { description: 'answers', type: 'boolean', reach: true },
  json: { description: 'a document', type: 'any' },
  text: { description: 'text or lines that may be known in part', type: 'any' },
}

export function fakeProbe(readings: Readonly<Record<string, Taken | readonly Taken[]>>, more: Partial<ProbeKind> = {}) {
  const asked = new Map<string, number>()
  const probe: ProbeKind = {
    name: 'fake',
    summary: 'reads what it is told',
    params: text('the name of a reading'),
    fields,
    each: true,
    examples: [],
    subject: String,
    read: async (params) => {
      const name = String(params)
      const count = asked.get(name) ?? 0
      asked.set(name, count + 1)
      const list = [readings[name] ?? { untaken: `no reading "${name}"` }].flat() as Taken[]
      return list[Math.min(count, list.length - 1)] as Taken
    },
    ...more,
  }
  return new Map([[probe.name, probe]])
}

/** What a probe is handed; a test overrides what it needs. */
export function fakeContext(more: Partial<ProbeContext> = {}): ProbeContext {
  return {
    target: { name: 'test', services: () => [] } as unknown as ProbeContext['target'],
    signal: new AbortController().signal,
    timeout: 5_000,
    logsSince: () => 0,
    memory: new Map(),
    measure: () => 0,
    ...more,
  }
}

export const json = (document: unknown): Taken => ({
  fields: { status: 200, json: document, reachable: true },
  document,
  says: `200 ${shown(document)}`,
})
