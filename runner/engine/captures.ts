import { CheckFailure } from '../contracts/errors.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Reading } from '../contracts/probe.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import { ABSENT, fieldOf, select } from '../jsonpath.ts'
import { bindValue } from '../plan/bind.ts'
import type { Names } from '../plan/values.ts'
import type { Planned } from './flow.ts'
import type { Scope } from './scope.ts'
import type { World } from './world.ts'

/** How a capture is written: a field or `$` path, or that with more. */
interface CaptureSpec {
  readonly from: string
  readonly matches?: string
  readonly default?: unknown
  readonly secret?: boolean
}

/** Keeps what later steps want of a reading. Absent without a default fails the step. */
export function capture(planned: Planned, reading: Reading, names: Names, scope: Scope, world: World): void {
  for (const [name, said] of Object.entries(planned.common.capture ?? {})) {
    const spec = typeof said === 'string' ? { from: said } : (said as CaptureSpec)
    const value = capturedFrom(reading, spec)
    if (value === ABSENT && !('default' in spec)) throw absent(planned, name, spec, reading)
    const kept = value === ABSENT ? bindValue(spec.default, { ...names, ...scope.names() }) : value
    if (spec.secret === true) world.redactor.add(String(kept))
    scope.set(name, kept)
  }
}

/** Fields and `$` paths that a step wants of its reading. */
export function askedOf({ capture: captures = {}, expect = {} }: CommonKeys): ReadonlySet<string> {
  const captured = Object.values(captures).map((said) => (typeof said === 'string' ? said : (said as CaptureSpec).from))
  return new Set([...captured, ...Object.keys(expect)])
}

function capturedFrom(reading: Reading, spec: CaptureSpec): unknown {
  const value = spec.from.startsWith('$') ? select(spec.from, reading.document) : fieldOf(reading.fields, spec.from)
  if (value === ABSENT || spec.matches === undefined) return value
  const found = new RegExp(spec.matches).exec(typeof value === 'string' ? value : JSON.stringify(value))
  return found === null ? ABSENT : (found[1] ?? found[0])
}

function absent(planned: Planned, name: string, spec: CaptureSpec, reading: Reading): CheckFailure {
  const why = spec.matches === undefined ? 'is absent' : `does not match /${spec.matches}/`
  return new CheckFailure(`nothing to capture as "${name}": ${spec.from} ${why}`, {
    place: placeAt(placeOf(planned.raw) ?? planned.place, 'capture', name),
    last: reading.says,
    hint: 'give a default, {from: …, default: …}, when it may be missing',
  })
}
