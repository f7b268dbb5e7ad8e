/** `schema:`, JSON Schema draft-07 and 2020-12. Every word of a schema is either carried out or refused at load. */
import { anyCase, isAnyCase } from '../base/any-case.ts'
import { compilePattern, patternError } from '../base/pattern.ts'
import { TooCostly } from '../base/too-costly.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { type Answer, untaken } from './answer.ts'
import { isExpression, isMapping, wrong } from './matcher.ts'

type Validate = import('ajv').ValidateFunction

export function schemaAnswer(want: unknown, actual: unknown): Answer {
  const plain = plainNumbers(want, actual)
  if (plain === undefined) return untaken('a schema cannot compare an integer beyond 2^53 exactly')
  try {
    return validator(want)(plain.value) as boolean
  } catch (error) {
    if (error instanceof TooCostly) return untaken(error.message)
    if (error instanceof RangeError)
      return untaken('the schema leads back to itself, or the value is nested too deeply')
    throw error
  }
}

/** How a value misses its schema. */
export function schemaNote(want: unknown, actual: unknown): string | undefined {
  if (schemaAnswer(want, actual) !== false) return undefined
  const validate = validator(want)
  const [first] = validate.errors ?? []
  return `${first?.instancePath || 'it'} ${first?.message ?? 'is not valid'}`
}

export function checkSchema(want: unknown, place: Place): Finding[] {
  if (!isMapping(want) || Object.keys(want).length === 0)
    return [wrong(place, 'vacuous', 'an empty schema allows everything', 'give a JSON Schema, as a mapping')]
  if (hasExpression(want)) return []
  const idle = idleKey(want)
  if (idle !== undefined)
    return [wrong(place, 'bad-schema', `\`${idle}\` checks nothing`, 'take it out, or check the text with `matches`')]
  try {
    validator(want)
    return isRemark(want) ? [allowsAll(place)] : []
  } catch (error) {
    return [
      wrong(
        place,
        'bad-schema',
        `not a JSON Schema: ${(error as Error).message.replace(/^strict mode: /, '')}`,
        hintOf(error as Error),
      ),
    ]
  }
}

function isRemark(schema: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(schema).every((word) => REMARKS.has(word))
}

function allowsAll(place: Place): Finding {
  const message = 'a schema of remarks and definitions allows everything'
  return wrong(place, 'vacuous', message, 'add `type`, `required` or `$ref`')
}

const compiled = new Map<string, Validate>()

/** Throws for words, formats and patterns that are not understood. ajv is loaded with the first schema. */
function validator(schema: unknown): Validate {
  const key = JSON.stringify(schema, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
  const known = compiled.get(key)
  if (known) return known
  const Ajv = classOf(dialectOf(schema as Readonly<Record<string, unknown>>))
  const { default: addFormats } = require('ajv-formats') as typeof import('ajv-formats')
  const ajv = new Ajv({
    strict: false,
    strictSchema: true,
    allowMatchingProperties: true,
    logger: false,
    // As elsewhere: patterns take linear time.
    code: { regExp: Object.assign(linear, { code: 'new RegExp' }) },
  })
  addFormats(ajv as never)
  const made = ajv.compile(withoutDialect(schema as object))
  compiled.set(key, made)
  return made
}

function linear(source: string): { test(text: string): boolean; toString(): string } {
  const bad = patternError(source)
  if (bad) throw new Error(`the pattern "${source}" is not RE2: ${bad.message}`)
  const pattern = compilePattern(source)
  const test = (text: string) => {
    const costly = pattern.tooCostly(text)
    if (costly !== undefined) throw new TooCostly(costly)
    return pattern.test(text)
  }
  // ajv keeps patterns by their text, and takes two of the same text for one.
  return { test, toString: () => source }
}

type Dialect = 'draft-07' | '2020-12'

/** The words of draft-07 that 2020-12 gave up, in schemas that do not name their dialect. */
function dialectOf(schema: Readonly<Record<string, unknown>>): Dialect {
  const named = schema['$schema']
  if (named === undefined) return isOld(schema) ? 'draft-07' : '2020-12'
  const dialect = /draft-07|draft-06|2020-12/.exec(String(named))?.[0]
  if (dialect === undefined) throw new Error(`the dialect ${String(named)} is not supported`)
  return dialect === '2020-12' ? '2020-12' : 'draft-07'
}

function isOld(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(isOld)
  if (!isMapping(schema)) return false
  return Array.isArray(schema['items']) || 'additionalItems' in schema || Object.values(schema).some(isOld)
}

function classOf(dialect: Dialect): typeof import('ajv').default {
  if (dialect === 'draft-07') return (require('ajv') as typeof import('ajv')).default
  return (require('ajv/dist/2020') as typeof import('ajv/dist/2020')).default as never
}

function withoutDialect(schema: object): object {
  const { $schema, ...rest } = schema as Record<string, unknown>
  return rest
}

/** Words that annotate by the standard, and that their writers take for checks. */
const IDLE = ['contentEncoding', 'contentMediaType', 'contentSchema', '$vocabulary', '$async']
/** Formats of OpenAPI that every value has. */
const IDLE_FORMATS: readonly unknown[] = ['password', 'binary']
/** Words that check nothing, and those that only hold schemas for `$ref`. */
const REMARKS = new Set(
  '$schema $id $comment $anchor $dynamicAnchor $defs definitions title description default examples deprecated readOnly writeOnly'.split(
    ' ',
  ),
)

function idleKey(schema: unknown): string | undefined {
  if (Array.isArray(schema)) return schema.map(idleKey).find(Boolean)
  if (!isMapping(schema)) return undefined
  const own = Object.keys(schema).find((key) => IDLE.includes(key))
  if (own !== undefined) return own
  if (IDLE_FORMATS.includes(schema['format'])) return `format: ${schema['format']}`
  // Under these, values are data and not schemas.
  const inner = Object.entries(schema).filter(([key]) => !['const', 'enum', 'default', 'examples'].includes(key))
  return inner.map(([, value]) => idleKey(value)).find(Boolean)
}

function hintOf({ message }: Error): string | undefined {
  if (/unknown keyword/.test(message)) return 'look at its spelling; words of draft-07 and of 2020-12 are known'
  if (/unknown format/.test(message))
    return 'known formats: date, time, date-time, uuid, uri, email, hostname, ipv4, ipv6, regex …'
  return /resolve reference/.test(message) ? 'only references within the schema are followed: #/$defs/name' : undefined
}

const COMPARES = /"(const|enum|minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|uniqueItems)"/

/** ajv knows no bigint; a number in its place does where the schema does not look at its digits. */
function plainNumbers(schema: unknown, value: unknown): { value: unknown } | undefined {
  let hasLarge = false
  const json = (item: unknown): unknown => {
    if (typeof item === 'bigint') {
      hasLarge = true
      return Number(item)
    }
    if (Array.isArray(item)) return item.map(json)
    if (!isMapping(item)) return item
    const copy = Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, json(inner)]))
    return isAnyCase(item) ? anyCase(copy) : copy
  }
  const plain = json(value)
  return hasLarge && COMPARES.test(JSON.stringify(schema)) ? undefined : { value: plain }
}

function hasExpression(value: unknown): boolean {
  if (isExpression(value)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasExpression)
}
