import { spelledAt } from '../base/spelling.ts'
import { CheckFailure } from '../contracts/errors.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Reading } from '../contracts/probe.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import { bindSpelled } from '../plan/bind.ts'
import type { Names } from '../plan/values.ts'
import { capturedFrom, capturesOf, Nothing } from './captured.ts'
import type { Planned } from './flow.ts'
import { learnSecret, warner } from './learn.ts'
import type { Scope } from './scope.ts'
import type { World } from './world.ts'

/**
 * Keeps the values that later steps use. A value that is absent without a default, or known in part only, fails the step with a
 * CheckFailure.
 */
export function capture(planned: Planned, reading: Reading, names: Names, scope: Scope, world: World): void {
  for (const [name, spec] of capturesOf(planned.common)) {
    const value = capturedFrom(reading, spec)
    const isUsual = value instanceof Nothing && value.isAbsent && 'default' in spec
    if (value instanceof Nothing && !isUsual) throw failure(planned, name, value, reading)
    const place = placeAt(placeOf(planned.raw) ?? planned.place, 'capture', name, 'default')
    const kept = isUsual ? bindSpelled(spelledAt(spec, 'default'), { ...names, ...scope.names() }, place) : value
    if (spec.secret === true) learnSecret(name, kept, world.redactor, warner(name, world))
    scope.set(name, kept)
  }
}

/** Fields and `$` paths that a step wants of its reading. */
export function askedOf(common: CommonKeys): ReadonlySet<string> {
  return new Set([...capturesOf(common).map(([, { from }]) => from), ...Object.keys(common.expect ?? {})])
}

function failure(planned: Planned, name: string, { why, isAbsent }: Nothing, reading: Reading): CheckFailure {
  return new CheckFailure(`nothing to capture as "${name}": ${why}`, {
    place: placeAt(placeOf(planned.raw) ?? planned.place, 'capture', name),
    last: reading.says,
    outputs: reading.output && [reading.output],
    ...(isAbsent ? { hint: 'give a default, {from: …, default: …}, when it may be missing' } : {}),
  })
}
