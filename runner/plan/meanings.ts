/** Rules for a text beyond JSON Schema: it is a JSONPath, a command that does something, a time that can be waited for. */
import type { Finding } from '../contracts/errors.ts'
import type { Meaning } from '../contracts/params.ts'
import { type Place, placeAt, placeOfKey } from '../contracts/source.ts'
import { LONGEST_DURATION, parseDuration } from '../contracts/units.ts'
import { checkPath } from '../jsonpath.ts'
import { isExpression, wrong } from './schema-errors.ts'

interface Schema {
  readonly 'x-is'?: Meaning
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
}

/** Findings of a value that is of the right shape. Expressions are checked once they are filled in. */
export function meaningErrors(schema: Schema, value: unknown, place: Place): Finding[] {
  const is = schema['x-is']
  if (is === 'steps' || is === 'condition' || is === 'conditions') return []
  const own = is === undefined || isExpression(value) ? [] : (CHECKS[is]?.(value, place) ?? [])
  if (typeof value !== 'object' || value === null) return own
  if (Array.isArray(value) && (is === 'command' || is === 'commands')) return own
  const inner = Object.entries(value).flatMap(([key, item]) => {
    const member = Array.isArray(value) ? schema.items : (schema.properties?.[key] ?? schema.additionalProperties)
    if (typeof member !== 'object') return []
    return meaningErrors(member, item, placeAt(place, Array.isArray(value) ? Number(key) : key))
  })
  return [...own, ...inner]
}

const CHECKS: Partial<Record<Meaning, (value: unknown, place: Place) => Finding[]>> = {
  duration: (value, place) =>
    typeof value === 'string' && parseDuration(value) === undefined
      ? [wrong(place, 'bad-duration', `${value} is longer than anybody can wait`, `the longest is ${LONGEST_DURATION}`)]
      : [],
  jsonpath: (value, place) => (typeof value === 'string' ? pathErrors(value, place) : []),
  fields: (value, place) =>
    isMapping(value)
      ? Object.keys(value).flatMap((key) => (isExpression(key) ? [] : pathErrors(key, placeOfKey(place, key))))
      : [],
  command: commandErrors,
  commands: (value, place) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => commandErrors(one, placeAt(place, index)))
      : commandErrors(value, place),
  'target-path': emptyText,
  'plan-path': emptyText,
}

function pathErrors(path: string, place: Place): Finding[] {
  const bad = checkPath(path)
  if (!bad) return []
  const hint = path.startsWith('$')
    ? 'paths are those of RFC 9535: $.a.b, $.list[0]'
    : `a path begins with $: $.${path}`
  const span = [Math.min(bad.index, Math.max(0, path.length - 1)), path.length] as const
  return [wrong({ ...place, span }, 'bad-jsonpath', `not a JSONPath: ${bad.message}`, hint)]
}

/** `sh -c ''` succeeds, so an empty command would pass whatever is so. */
function commandErrors(value: unknown, place: Place): Finding[] {
  const hint = 'write a text for the shell, or a list of words'
  if (typeof value === 'string')
    return value.trim() === '' ? [wrong(place, 'empty-command', 'an empty command does nothing', hint)] : []
  if (!Array.isArray(value)) return []
  if (value.length === 0)
    return [wrong({ ...place, key: true }, 'empty-command', 'an empty command does nothing', hint)]
  const [program] = value
  if (typeof program !== 'string' || program.trim() !== '') return []
  return [
    wrong(placeAt(place, 0), 'empty-command', 'the first word of a command is its program, and it is empty', hint),
  ]
}

function emptyText(value: unknown, place: Place): Finding[] {
  if (typeof value !== 'string' || value.trim() !== '') return []
  return [wrong(place, 'empty-path', 'a path is missing here', 'name a file')]
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
