/** `plan steps [KIND]`: what the kinds are, from the same values that validate them. */
import { UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Field } from '../contracts/probe.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { kindsFrom } from './from.ts'

interface Documented {
  readonly of: string
  readonly name: string
  readonly summary: string
  readonly params: object
  readonly options?: Readonly<Record<string, object>>
  readonly fields?: Readonly<Record<string, Field>> | undefined
  readonly examples: readonly unknown[]
}

export async function documentSteps(name: string | undefined, { from }: { from: string }): Promise<number> {
  const all = documented(await kindsFrom(from))
  if (name === undefined) {
    console.log(overview(all))
    return 0
  }
  const found = all.filter((kind) => kind.name === name)
  if (found.length === 0)
    throw new UsageError(`there is no kind "${name}"; ${didYouMean(name, new Set(all.map((kind) => kind.name)))}`)
  const { stringify } = await import('yaml')
  console.log(found.map((kind) => details(kind, stringify)).join('\n\n'))
  return 0
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
}

function overview(all: readonly Documented[]): string {
  const width = Math.max(...all.map(({ name }) => name.length))
  return ['step', 'probe', 'fault']
    .map((of) =>
      [
        TITLES[of],
        ...all.filter((kind) => kind.of === of).map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
      ].join('\n'),
    )
    .join('\n\n')
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
