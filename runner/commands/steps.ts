/** `plan steps [NAME]`: what the kinds and keys are, from the same values that validate them. */
import { UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Field } from '../contracts/probe.ts'
import { nearest } from '../contracts/suggest.ts'
import { kindsFrom } from './from.ts'
import { say } from './say.ts'
import { type Topic, topics } from './topics.ts'

interface Documented {
  readonly of: string
  readonly name: string
  readonly summary: string
  readonly params: object
  readonly options?: Readonly<Record<string, object>>
  readonly fields?: Readonly<Record<string, Field>> | undefined
  readonly examples: readonly unknown[]
}

export interface StepsFlags {
  readonly from: string
  readonly grep?: string
}

export async function documentSteps(name: string | undefined, { from, grep }: StepsFlags): Promise<number> {
  const kinds = await kindsFrom(from)
  const all = documented(kinds)
  const others = topics(kinds)
  if (name === undefined) {
    const chosen = grep === undefined ? undefined : matching(grep)
    const text = overview([...all, ...others].filter((one) => chosen?.(one) ?? true))
    if (text === '')
      throw new UsageError(`nothing here is about "${grep}"`, 'try a shorter word, or look at `plan steps`')
    say(text)
    return 0
  }
  const { stringify } = await import('yaml')
  const found = [
    ...all.filter((kind) => kind.name === name).map((kind) => details(kind, stringify)),
    ...others.filter((topic) => topic.name === name).map(page),
  ]
  if (found.length === 0) throw unknownName(name, [...all, ...others])
  say(found.join('\n\n'))
  return 0
}

function unknownName(name: string, all: readonly { readonly name: string; readonly of: string }[]): UsageError {
  const names = new Set(all.map((one) => one.name))
  const near = nearest(name, names)
  return new UsageError(
    `there is no page "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    'see all of them with `plan steps`, or look for a word: `plan steps --grep WORD`',
  )
}

/** Pages that have the text in their name, summary, or the names and descriptions of their keys. */
function matching(grep: string): (one: Listed) => boolean {
  const wanted = grep.toLowerCase()
  return (one) =>
    JSON.stringify({ ...one, example: undefined })
      .toLowerCase()
      .includes(wanted)
}

type Listed = { readonly of: string; readonly name: string; readonly summary: string }

function page({ of, name, summary, keys, example }: Topic): string {
  const lines = [`${name} (${of})`, `  ${summary}`, ...section('keys', keys, [])]
  if (example !== undefined) lines.push('', '  example', ...example.split('\n').map((line) => `    ${line}`))
  return lines.join('\n')
}

function documented(kinds: Kinds): Documented[] {
  return [
    ...[...kinds.steps.values()].map((kind) => ({
      of: 'step',
      ...kind,
      fields: typeof kind.reading === 'object' ? kind.reading : undefined,
    })),
    ...[...kinds.probes.values()].map((kind) => ({ of: 'probe', ...kind })),
    ...[...kinds.faults.values()].map((kind) => ({ of: 'fault', ...kind })),
  ]
}

const TITLES: Readonly<Record<string, string>> = {
  step: 'Steps',
  probe: 'Probes: what conditions read',
  fault: 'Faults: what inject-fault breaks',
  matcher: 'Matchers: what may be expected of a value',
  'plan key': 'Keys of a plan',
  'step key': 'Keys of every step',
  'target key': 'Keys of targets.yaml and of a target',
  topic: 'More',
}

function overview(all: readonly Listed[]): string {
  const width = Math.max(...all.map(({ name }) => name.length))
  return Object.entries(TITLES)
    .map(([of, title]) => ({ title, listed: all.filter((one) => one.of === of) }))
    .filter(({ listed }) => listed.length > 0)
    .map(({ title, listed }) =>
      [title, ...listed.map(({ name, summary }) => `  ${name.padEnd(width)}  ${firstLine(summary)}`)].join('\n'),
    )
    .join('\n\n')
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

function details(kind: Documented, stringify: (value: unknown) => string): string {
  const {
    properties = {},
    description,
    required = [],
  } = kind.params as { properties?: Record<string, object>; description?: string; required?: string[] }
  const lines = [`${kind.name} (${kind.of})`, `  ${kind.summary}`]
  if (description !== undefined) lines.push(`  takes: ${description}`)
  lines.push(...section('keys', { ...properties, ...kind.options }, required))
  lines.push(...section('reading', kind.fields ?? {}, []))
  lines.push('', '  examples')
  for (const example of kind.examples)
    lines.push(
      ...stringify(shown(kind, example))
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
    )
  return lines.join('\n')
}

function section(title: string, entries: Readonly<Record<string, object>>, required: readonly string[]): string[] {
  const names = Object.keys(entries)
  if (names.length === 0) return []
  const width = Math.max(...names.map((name) => name.length))
  const words = (name: string) => (entries[name] as { description?: string }).description ?? ''
  return [
    '',
    `  ${title}`,
    ...names.map((name) => `    ${name.padEnd(width)}  ${words(name)}${required.includes(name) ? ' (required)' : ''}`),
  ]
}

/** As it stands in a plan. */
function shown(kind: Documented, example: unknown): unknown {
  if (kind.of === 'step') return [{ [kind.name]: example }]
  return kind.of === 'fault' ? [{ 'inject-fault': example }] : [{ assert: example }]
}
