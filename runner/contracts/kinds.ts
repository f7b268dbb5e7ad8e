import type { ReporterKind } from './events.ts'
import type { FaultKind } from './fault.ts'
import type { ProbeKind } from './probe.ts'
import type { StepKind } from './step.ts'
import type { RuntimeKind } from './target.ts'

/** Everything that is registered: the built-in lists, and what plugins add. */
export interface Kinds {
  readonly steps: ReadonlyMap<string, StepKind>
  readonly probes: ReadonlyMap<string, ProbeKind>
  readonly faults: ReadonlyMap<string, FaultKind>
  readonly reporters: ReadonlyMap<string, ReporterKind>
  readonly runtimes: ReadonlyMap<string, RuntimeKind>
}

/** What a plugin package exports as `default` or `shakedown`. */
export interface Pack {
  readonly steps?: readonly StepKind[]
  readonly probes?: readonly ProbeKind[]
  readonly faults?: readonly FaultKind[]
  readonly reporters?: readonly ReporterKind[]
  readonly runtimes?: readonly RuntimeKind[]
}

/** Makes the registry out of lists. */
export function kindsOf(pack: Pack): Kinds {
  return {
    steps: byName(pack.steps),
    probes: byName(pack.probes),
    faults: byName(pack.faults),
    reporters: byName(pack.reporters),
    runtimes: byName(pack.runtimes),
  }
}

/** Adds a plugin's kinds. Throws when a name is taken: two meanings for one word would be a trap. */
export function withPack(kinds: Kinds, pack: Pack, from: string): Kinds {
  return {
    steps: joined(kinds.steps, pack.steps, from),
    probes: joined(kinds.probes, pack.probes, from),
    faults: joined(kinds.faults, pack.faults, from),
    reporters: joined(kinds.reporters, pack.reporters, from),
    runtimes: joined(kinds.runtimes, pack.runtimes, from),
  }
}

function byName<K extends { readonly name: string }>(list: readonly K[] = []): ReadonlyMap<string, K> {
  return new Map(list.map((kind) => [kind.name, kind]))
}

function joined<K extends { readonly name: string }>(
  known: ReadonlyMap<string, K>,
  added: readonly K[] = [],
  from: string,
): ReadonlyMap<string, K> {
  const taken = added.find((kind) => known.has(kind.name))
  if (taken) throw new Error(`"${taken.name}" of ${from} is a name that is taken already`)
  return new Map([...known, ...byName(added)])
}
