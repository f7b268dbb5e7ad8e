/** What expressions at one spot of a plan can name. */
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import type { Fragment } from '../../contracts/step.ts'
import { axesOf } from '../matrix.ts'

/** Names that are there in every plan; what they hold is found below them. */
export const ROOTS = ['inputs', 'variables', 'secrets', 'matrix', 'target', 'services', 'run'] as const

/** Names that only a round of `for-each` or `repeat` has. */
export const ROUND_NAMES = ['item', 'index'] as const

/** Members by name; undefined where they can't be told. */
export type Members = ReadonlyMap<string, Members | undefined>

export interface Scope {
  readonly kinds: Kinds
  readonly roots: Readonly<Record<string, Members | undefined>>
  /** Captures so far, and names of rounds. */
  readonly names: Set<string>
  /** What was captured since this scope began. */
  readonly captured: Set<string>
  /** Every capture of this document, to tell what comes too late. */
  readonly later: ReadonlySet<string>
  /** What holds a secret: `secrets`, `variables.auth`, a capture. */
  readonly secret: Set<string>
  /** Steps here may not run, so that two of them may capture one name. */
  readonly conditional: boolean
  /** Rounds of a computed list may bring names that can't be told. */
  readonly open: boolean
}

export function scopeOf(kase: Omit<Case, 'id'>, kinds: Kinds, later: ReadonlySet<string>): Scope {
  const { plan, target } = kase
  const variables = { ...target.variables, ...plan.targetVariables }
  const roots = {
    inputs: flat(Object.keys(plan.inputs)),
    variables: flat(Object.keys(plan.variables)),
    secrets: flat(Object.keys(plan.secrets)),
    matrix: flat(axesOf(plan)),
    target: new Map([
      ['name', undefined],
      ['variables', flat(Object.keys(variables))],
    ]),
    services: target.services && new Map(target.services.map((name) => [name, SERVICE])),
    run: flat(['id']),
  }
  return { ...emptyScope(kinds, later), roots, secret: new Set(['secrets']) }
}

const SERVICE = flat(['url', 'address', 'port', 'directory', 'pid'])

/** A fragment sees only its inputs, beside the target. */
export function scopeOfFragment(fragment: Fragment, caller: Scope, later: ReadonlySet<string>): Scope {
  const none = flat([])
  const roots = {
    ...caller.roots,
    inputs: flat(Object.keys(fragment.inputs)),
    variables: none,
    secrets: none,
    matrix: none,
  }
  return { ...emptyScope(caller.kinds, later), roots, secret: new Set(['secrets']) }
}

function emptyScope(kinds: Kinds, later: ReadonlySet<string>) {
  return { kinds, names: new Set<string>(), captured: new Set<string>(), later, conditional: false, open: false }
}

/** Inside of a round: its names come on top, and what is captured there is gathered afterwards. */
export function roundScope(outer: Scope, names: readonly string[], open: boolean): Scope {
  return {
    ...outer,
    names: new Set([...outer.names, ...names]),
    captured: new Set(),
    secret: new Set(outer.secret),
    open: outer.open || open,
  }
}

/** After the last round, each capture is the list of all of them. */
export function gatherRounds(outer: Scope, inner: Scope): void {
  for (const name of inner.captured) {
    outer.names.add(name)
    outer.captured.add(name)
    if (inner.secret.has(name)) outer.secret.add(name)
  }
}

function flat(names: Iterable<string>): Members {
  return new Map([...names].map((name) => [name, undefined]))
}
