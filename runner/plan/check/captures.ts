import { patternError } from '../../base/pattern.ts'
import type { Finding } from '../../contracts/errors.ts'
import type { Field } from '../../contracts/probe.ts'
import { type Place, placeAt, placeOfKey } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { checkPath } from '../../jsonpath.ts'
import { wrong } from '../schema-errors.ts'
import type { KnownStep } from '../standing.ts'
import { checkNewName } from './declared.ts'
import { checkValue, usesSecret } from './expressions.ts'
import type { Scope } from './scope.ts'

/** Names that a step gives to what it read: well-formed, not taken, and of something that such a step reads. */
export function addCaptures(step: KnownStep, scope: Scope, secretFields: ReadonlySet<string>): Finding[] {
  const place = placeAt(step.place, 'capture')
  const fields = fieldsOf(step, scope)
  return Object.entries(step.common.capture ?? {}).flatMap(([name, said]) => {
    const at = placeAt(place, name)
    const found = [...checkNewName(name, placeOfKey(place, name)), ...takenBefore(name, place, step, scope)]
    const sourced = checkSource(said, at, fields, scope)
    scope.names.add(name)
    scope.captured.add(name)
    if (isSecret(said, secretFields, scope)) scope.secret.add(name)
    return [...found, ...sourced]
  })
}

function takenBefore(name: string, place: Place, { conditional }: KnownStep, scope: Scope): Finding[] {
  // Of two steps that run only `if`, one may stand in for the other.
  if (!scope.names.has(name) || conditional || scope.conditional) return []
  return [
    wrong(
      placeOfKey(place, name),
      'shadowed',
      `"${name}" is taken: it was captured or named before`,
      'use another name',
    ),
  ]
}

function isSecret(said: unknown, secretFields: ReadonlySet<string>, scope: Scope): boolean {
  const { from, secret, default: usual } = detailed(said)
  return secret === true || secretFields.has(String(from)) || usesSecret(usual, scope)
}

/** `{from: …}`, or that alone. */
function detailed(said: unknown): Readonly<Record<string, unknown>> {
  return (typeof said === 'object' && said !== null ? said : { from: said }) as Readonly<Record<string, unknown>>
}

/** What a step of this kind reads; undefined where it can't be told. */
function fieldsOf({ known, params, fragment }: KnownStep, { kinds }: Scope): readonly string[] | undefined {
  if (fragment) return Object.keys(fragment.outputs)
  if (typeof known?.reading === 'object') return namesOf(known.reading)
  const probe = Object.keys((params ?? {}) as object).find((key) => kinds.probes.has(key))
  return probe === undefined ? undefined : namesOf(kinds.probes.get(probe)?.fields ?? {})
}

const namesOf = (fields: Readonly<Record<string, Field>>) => Object.keys(fields)

function checkSource(said: unknown, place: Place, fields: readonly string[] | undefined, scope: Scope): Finding[] {
  const { from, matches, default: usual } = detailed(said)
  const at = typeof said === 'string' ? place : placeAt(place, 'from')
  if (typeof from !== 'string') return []
  return [
    ...checkFrom(from, at, fields),
    ...checkRegex(matches, placeAt(place, 'matches')),
    ...checkValue(usual, placeAt(place, 'default'), scope),
  ]
}

function checkFrom(from: string, place: Place, fields: readonly string[] | undefined): Finding[] {
  if (from.includes('${{'))
    return [wrong(place, 'no-expression', 'a capture takes a field or a $ path, and no expression')]
  if (from.startsWith('$')) {
    const bad = checkPath(from)
    const at = { ...place, span: [bad?.index ?? 0, from.length] as const }
    return bad ? [wrong(at, 'bad-jsonpath', `bad JSONPath: ${bad.message}`, 'see RFC 9535: $.a.b, $.list[0]')] : []
  }
  if (fields === undefined || fields.some((field) => from === field || from.startsWith(`${field}.`))) return []
  const hint = fields.length === 0 ? 'nothing can be captured of this' : didYouMean(from, fields)
  return [wrong(place, 'unknown-field', `there is no field "${from}" here; ${hint}`, `of a JSON document: $.${from}`)]
}

function checkRegex(matches: unknown, place: Place): Finding[] {
  if (typeof matches !== 'string') return []
  const bad = patternError(matches)
  const hint = bad?.hint ?? 'patterns are those of RE2: https://github.com/google/re2/wiki/Syntax'
  return bad ? [wrong(place, 'bad-regex', `not a regular expression: ${bad.message}`, hint)] : []
}
