/** What ajv says, in words for people, at the exact key or value. */
import { exactJson } from '../base/exact-json.ts'
import { otherTool, type Spot } from '../base/other-tools.ts'

import type { Finding } from '../contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from '../contracts/source.ts'
import { didYouMean, unknownName } from '../contracts/suggest.ts'
import type { SchemaError } from './validators.ts'

type Schema = Readonly<Record<string, unknown>>

export interface Wording {
  /** Says that a word is of the language, but not built yet. */
  planned?(word: string): string | undefined
  /** True if values are filled in at this path: an expression there is checked again once it has a value. */
  fills?(path: readonly (string | number)[], error: SchemaError): boolean
}

/** A mapping of 100,000 wrong keys has as many errors; nobody reads more than these. */
const MOST = 20

/** At most a single finding a spot. */
export function findingsOf(
  errors: readonly SchemaError[],
  schema: object,
  value: unknown,
  place: Place,
  { planned, fills = () => true }: Wording = {},
): Finding[] {
  const seen = new Set<string>()
  return errors.flatMap((error) => {
    if (seen.size >= MOST) return []
    const path = pathOf(error.instancePath, value)
    const at = placeAt(place, ...path)
    const actual = valueAt(value, path)
    const spot = `${error.instancePath} ${error.keyword === 'additionalProperties' ? error.params['additionalProperty'] : error.keyword === 'required' ? error.params['missingProperty'] : ''}`
    if (seen.has(spot)) return []
    const wanted = schemaAt(schema, error.schemaPath)
    // Steps are validated one by one, each by its kind.
    if (wanted['x-is'] === 'step') return []
    if (isExpression(actual)) {
      if (!STRUCTURE.has(String(wanted['x-is'])) && fills(path, error)) return []
      seen.add(spot)
      return [noExpression(wanted, at)]
    }
    seen.add(spot)
    return [worded(error, wanted, actual, at, planned)]
  })
}

/** Read before there are values, since names, services and effects follow from them. */
const STRUCTURE = new Set(['steps', 'condition', 'conditions', 'expectations', 'captures'])

function noExpression(wanted: Schema, place: Place): Finding {
  const key = place.path.findLast((step) => typeof step === 'string') ?? 'this'
  const types = [wanted['type']].flat().map((type) => WORDS[String(type)] ?? String(type))
  const message = `nothing is filled in here: \`${key}\` takes no expressions`
  return wrong(place, 'no-expression', message, `write it out: ${types.join(' or ')} is expected`)
}

function worded(
  error: SchemaError,
  schema: Schema,
  actual: unknown,
  at: Place,
  planned?: (word: string) => string | undefined,
): Finding {
  const { keyword, params } = error
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const later = planned?.(key)
      const names = Object.keys((schema['properties'] ?? {}) as object)
      return later ? wrong(placeOfKey(at, key), 'not-built', later) : unknownKey(key, names, schema, at)
    }
    case 'required':
      return wrong(
        at,
        'missing-key',
        `"${params['missingProperty']}" is missing`,
        otherName(String(params['missingProperty']), actual) ?? hintOf(schema, String(params['missingProperty'])),
      )
    case 'enum':
      return wrong(
        at,
        'unknown-word',
        `${exactJson(actual)} is not one of them; ${didYouMean(String(actual), (params['allowedValues'] as unknown[]).map(String))}`,
      )
    case 'pattern':
      return schema['x-is'] === 'duration'
        ? badDuration(actual, at)
        : wrong(at, 'bad-text', `"${actual}" is not of the form ${params['pattern']}`, textOf(schema['description']))
    case 'type':
      return wrongType(schema, actual, at)
    case 'minItems':
      return wrong(at, 'empty-list', 'an empty list would check nothing', 'name at least one')
    case 'minProperties':
      return wrong(
        at,
        'empty-mapping',
        'an empty mapping says nothing',
        String(schema['description'] ?? 'write at least one key'),
      )
    default:
      return wrong(
        at,
        'bad-value',
        outOfBounds(keyword, exactJson(actual), params['limit']) ??
          `${exactJson(actual)} is not allowed here (${keyword} ${Object.values(params).join(' ')})`,
        textOf(schema['description']),
      )
  }
}

/** `duration` is a field of most readings, so that it is a known key where `for` was meant. */
function otherName(missing: string, actual: unknown): string | undefined {
  const isMeant = missing === 'for' && typeof actual === 'object' && actual !== null && 'duration' in actual
  return isMeant ? 'write `for:`; `duration` is how long a reading took' : undefined
}

function badDuration(actual: unknown, at: Place): Finding {
  return wrong(
    at,
    'bad-duration',
    `${exactJson(actual)} is not a duration`,
    meantDuration(actual) ?? 'write 250ms, 30s, 1m30s or 2h',
  )
}

/** Units as other tools spell them. */
const UNITS = /^(ms|millis\w*|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)$/i

function meantDuration(actual: unknown): string | undefined {
  if (typeof actual === 'number' && actual > 0) return `did you mean ${actual}s?`
  const [, amount, unit = 's'] =
    (typeof actual === 'string' && /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(actual.trim())) || []
  if (amount === undefined || (unit !== '' && !UNITS.test(unit))) return undefined
  const short = /^mi?l/i.test(unit) || /^ms$/i.test(unit) ? 'ms' : (unit[0] ?? 's').toLowerCase()
  return `did you mean ${amount}${short}?`
}

function outOfBounds(keyword: string, actual: string, limit: unknown): string | undefined {
  if (keyword === 'minimum') return `${actual} is too small: the least is ${limit}`
  if (keyword === 'maximum') return `${actual} is too large: the most is ${limit}`
  if (keyword === 'exclusiveMinimum') return `${actual} is too small: it must be more than ${limit}`
  if (keyword === 'exclusiveMaximum') return `${actual} is too large: it must be less than ${limit}`
  return undefined
}

function wrongType(schema: Schema, actual: unknown, at: Place): Finding {
  if (schema['x-is'] === 'duration') return badDuration(actual, at)
  const types = [schema['type']].flat().map((type) => WORDS[String(type)] ?? String(type))
  return wrong(
    at,
    'wrong-type',
    `this is ${WORDS[typeName(actual)] ?? 'null'}, and ${types.join(' or ')} is expected`,
    missingBlank(actual) ?? textOf(schema['description']),
  )
}

/** `run:true` for a mapping, `-run: x` for a list: YAML takes them for something else. */
export function missingBlank(actual: unknown): string | undefined {
  const [, key, value] = (typeof actual === 'string' && /^([\w-]+):([^\s/:].*)$/s.exec(actual)) || []
  if (key !== undefined) return `a blank is missing after the colon: write ${key}: ${value?.split('\n')[0]}`
  const keys = typeof actual === 'object' && actual !== null && !Array.isArray(actual) ? Object.keys(actual) : []
  const [item] = keys.filter((one) => /^-\w/.test(one))
  return item === undefined ? undefined : `a blank is missing after the dash: write - ${item.slice(1)}`
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  return Array.isArray(value) ? 'array' : typeof value === 'bigint' ? 'number' : typeof value
}

function hintOf(schema: Schema, key: string): string | undefined {
  return textOf((schema['properties'] as Record<string, Schema> | undefined)?.[key]?.['description'])
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The schema that holds the keyword that failed. */
function schemaAt(schema: object, pointer: string): Schema {
  let at: unknown = schema
  // The path of a schema is the fragment of a URI; the path of a value is not.
  for (const step of pointer.split('/').slice(1, -1))
    at = (at as Record<string, unknown> | undefined)?.[unescaped(decodeURIComponent(step))]
  return (at ?? {}) as Schema
}

function pathOf(pointer: string, value: unknown): (string | number)[] {
  let at = value
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = Array.isArray(at) ? Number(step) : unescaped(step)
      at = (at as Record<string | number, unknown> | undefined)?.[key]
      return key
    })
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], value)
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

export function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${{')
}

export function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, level: 'error', ...(hint === undefined ? {} : { hint }) }
}

/** A kind says with `x-words` which words of other tools are likely in its params. */
function unknownKey(key: string, names: readonly string[], schema: Schema, at: Place): Finding {
  const spot = (schema['x-words'] ?? (names.includes('steps') ? 'plan' : undefined)) as Spot | undefined
  const hint = spot && otherTool(spot, key)
  return wrong(placeOfKey(at, key), 'unknown-key', unknownName(`unknown key "${key}"`, key, names, hint), hint)
}
