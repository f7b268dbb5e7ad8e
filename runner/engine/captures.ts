import { CheckFailure } from '../contracts/errors.ts'
import type { CommonKeys } from '../contracts/plan.ts'
import type { Reading } from '../contracts/probe.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import { ABSENT } from '../jsonpath.ts'
import { bindValue } from '../plan/bind.ts'
import type { Names } from '../plan/values.ts'
import { type CaptureSpec, capturedFrom, capturesOf } from './captured.ts'
import type { Planned } from './flow.ts'
import { learnSecret, warner } from './learn.ts'
import type { Scope } from './scope.ts'
import type { World } from './world.ts'

/** Keeps what later steps want of a reading. Absent without a default fails the step. */
export function capture(planned: Planned, reading: Reading, names: Names, scope: Scope, world: World): void {
  for (const [name, spec] of capturesOf(planned.common)) {
    const value = capturedFrom(reading, spec)
    if (value === ABSENT && !('default' in spec)) throw absent(planned, name, spec, reading)
    const kept = value === ABSENT ? bindValue(spec.default, { ...names, ...scope.names() }) : value
    if (spec.secret === true) learnSecret(name, kept, world.redactor, warner(name, world))
    scope.set(name, kept)
  }
}

/** Fields and `$` paths that a step wants of its reading. */
export function askedOf(common: CommonKeys): ReadonlySet<string> {
  return new Set([...capturesOf(common).map(([, { from }]) => from), ...Object.keys(common.expect ?? {})])
}

function absent(planned: Planned, name: string, spec: CaptureSpec, reading: Reading): CheckFailure {
  const noDocument = spec.from.startsWith('$') && reading.document === undefined
  if (noDocument) return withoutDocument(planned, name, spec, reading)
  const why = spec.matches === undefined ? 'is absent' : `does not match /${spec.matches}/`
  return new CheckFailure(`nothing to capture as "${name}": ${spec.from} ${why}`, {
    place: placeAt(placeOf(planned.raw) ?? planned.place, 'capture', name),
    last: reading.says,
    hint: 'give a default, {from: …, default: …}, when it may be missing',
  })
}

/** A path into a reading that is not a document says nothing of the path. */
function withoutDocument(planned: Planned, name: string, { from }: CaptureSpec, reading: Reading): CheckFailure {
  return new CheckFailure(
    `nothing to capture as "${name}": ${from} needs a document: ${reading.noDocument ?? 'not JSON'}`,
    {
      place: placeAt(placeOf(planned.raw) ?? planned.place, 'capture', name),
      last: reading.says,
      outputs: reading.output && [reading.output],
    },
  )
}
