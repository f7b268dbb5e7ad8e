/** What one case has at hand while it runs. */

import type { Redactor } from '../base/redact/redactor.ts'
import { isMadeLate, spelledAt } from '../base/spelling.ts'
import { CheckFailure, type Finding } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Sources, TargetSpec } from '../contracts/plan.ts'
import type { Runtime, ServiceNames, Target } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { parseDuration } from '../contracts/units.ts'
import { bindSpelled, bindValue } from '../plan/bind.ts'
import type { Names } from '../plan/values.ts'
import type { Changes } from './changes.ts'
import type { Emit } from './emit.ts'
import type { FoundLeft, LeftBehinds } from './left-behind.ts'
import type { Stop } from './stop.ts'

/** What the engine is handed, since it names no kind, target or validator. */
export interface Hands {
  readonly kinds: Kinds
  readonly sources: Sources
  /** `reads`: nothing may be written on the target. */
  openTransport(spec: TargetSpec, options?: { reads?: boolean }): Promise<Transport>
  bindTarget(
    parts: {
      name: string
      transport: Transport
      runtime: Runtime
      home: string
      config: Readonly<Record<string, unknown>>
      /** Fills in `${{ }}` of the target's own keys. */
      resolve?: <T>(plain: T) => T
      /** Lives as long as the case. */
      keeps?: object
    },
    signal: AbortSignal,
  ): { target: Target; release(): void }
  /** Checks bound params strictly against the kind's own schema. */
  validate(of: 'step', name: string, value: unknown, raw: unknown): readonly Finding[]
}

export interface World {
  readonly kase: Case
  readonly hands: Hands
  readonly emit: Emit
  readonly redactor: Redactor
  readonly stop: Stop
  readonly transport: Transport
  readonly runtime: Runtime
  readonly changes: Changes
  /** What probes keep for the length of the case. */
  readonly memory: Map<string, unknown>
  /** Roots of expressions. */
  readonly roots: Names
  /** Folder of this case in the results: as it is, and as the user named it. */
  readonly results: { readonly folder: string; readonly named: string }
  /** Processes that commands of the case left running. */
  readonly left: LeftBehinds
  /** Runs `on-failure` once, right after the first step that failed. */
  firstFailure(): Promise<void>
}

export interface BoundTarget {
  readonly target: Target
  release(): void
  /** Tells what commands on it left running. */
  tellLeft(step: string): Promise<void>
}

/** The target as one step or phase sees it; dead after `release`. */
export function bindTargetOf(world: World, signal: AbortSignal): BoundTarget {
  const { kase, transport, runtime, hands } = world
  const { name, home, config } = kase.target
  const resolve = <T>(plain: T) => bindValue(plain, world.roots) as T
  const { target, release } = hands.bindTarget(
    { name, transport, runtime, home, config, resolve, keeps: world.memory },
    signal,
  )
  const found: FoundLeft[] = []
  return {
    target: world.left.watched(target, (one) => found.push(one)),
    release,
    tellLeft: (step) => world.left.tell(step, found.splice(0)),
  }
}

/** Milliseconds of a duration, times the target's patience. Throws a CheckFailure for a text that is not a duration. */
export function measure(spec: TargetSpec, duration: string): number {
  const ms = parseDuration(duration)
  if (ms === undefined)
    throw new CheckFailure(`"${duration}" is not a duration`, { hint: 'write 250ms, 30s, 1m30s or 2h' })
  const patience = spec.defaults['patience']
  return ms * (typeof patience === 'number' ? patience : 1)
}

/** A time limit: what the step says, else the target's default, else ours. */
export function limitOf(spec: TargetSpec, said: unknown, name: string, ours: string): number {
  const text = said ?? spec.defaults[name] ?? ours
  return measure(spec, String(text))
}

/** The roots of expressions; variables may stand on inputs, the target and each other, so each is made when it is asked for. */
export function rootsOf(
  kase: Case,
  run: string,
  secrets: Readonly<Record<string, string>>,
  runtime: () => Runtime,
): Names {
  const roots: Record<string, unknown> = { inputs: kase.inputs, matrix: kase.matrix, secrets, run: { id: run } }
  const bound = (raw: unknown) => bindSpelled(raw, roots)
  const { name, variables } = kase.target
  roots['target'] = { name, variables: isMadeLate(lazily([variables, kase.plan.targetVariables], bound)) }
  roots['variables'] = isMadeLate(lazily([kase.plan.variables], bound))
  Object.defineProperty(roots, 'services', { enumerable: true, get: () => serviceNames(runtime()) })
  return roots
}

/** `services` of expressions. */
export function serviceNames(runtime: Runtime): Record<string, ServiceNames> {
  return lazily([Object.fromEntries(runtime.names().map((name) => [name, name]))], (name) =>
    runtime.service(String(name)).names(),
  ) as Record<string, ServiceNames>
}

/** Made anew at each use: a service's process id changes with every start. A later mapping overrides those before it. */
function lazily(
  raw: readonly Readonly<Record<string, unknown>>[],
  make: (raw: unknown) => unknown,
): Record<string, unknown> {
  const names = {}
  for (const one of raw)
    for (const name of Object.keys(one))
      Object.defineProperty(names, name, {
        enumerable: true,
        configurable: true,
        get: () => make(spelledAt(one, name)),
      })
  return names
}
