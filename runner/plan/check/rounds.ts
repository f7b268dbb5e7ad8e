import type { Finding } from '../../contracts/errors.ts'
import type { CommonKeys } from '../../contracts/plan.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { checkNewName } from './declared.ts'
import { checkText, checkValue, usesSecret } from './expressions.ts'
import type { Scope } from './scope.ts'

/** `for-each` and `repeat` of a step, as far as they can be told before it runs. */
export function checkRounds({ 'for-each': each, repeat }: CommonKeys, step: Place, scope: Scope): Finding[] {
  const at = placeAt(step, 'for-each')
  return [
    ...checkValue(each, at, scope),
    ...checkItems(each, at),
    ...roundNames(each).flatMap((name) => checkRoundName(name, placeOfName(each, name, at), scope)),
    ...checkCount(repeat, placeAt(step, 'repeat'), scope),
  ]
}

/** Names that the rounds have. */
export function roundNames(each: unknown): string[] {
  const mappings = Array.isArray(each) ? each.filter(isMapping) : isMapping(each) ? [each] : []
  return [...new Set(mappings.flatMap((one) => Object.keys(one)))]
}

/** Rows that are computed may be mappings, whose keys become names. */
export function bringsNames(each: unknown): boolean {
  return typeof each === 'string' || (Array.isArray(each) && each.some((row) => String(row).includes('${{')))
}

/** Names whose values hold a secret. */
export function secretNames(each: unknown, scope: Scope): string[] {
  if (!usesSecret(each, scope)) return []
  const rows = (Array.isArray(each) ? each : [each]).filter(isMapping)
  return ['item', ...roundNames(each).filter((name) => rows.some((row) => usesSecret(row[name], scope)))]
}

function checkItems(each: unknown, place: Place): Finding[] {
  if (Array.isArray(each)) return each.length === 0 ? [empty(place)] : []
  if (typeof each === 'string' && !each.includes('${{'))
    return [wrong(place, 'rounds', 'for-each takes a list', 'write {name: [a, b]}')]
  if (!isMapping(each)) return []
  const [[name, list] = ['', undefined], second] = Object.entries(each)
  if (second)
    return [
      wrong(
        placeOfKey(place, second[0]),
        'rounds',
        'for-each takes one name',
        'write a list of mappings for several at once',
      ),
    ]
  if (Array.isArray(list)) return list.length === 0 ? [empty(placeAt(place, name))] : []
  if (typeof list === 'string' && list.includes('${{')) return []
  return [wrong(placeAt(place, name), 'rounds', 'for-each takes a list', `write {${name}: [a, b]}`)]
}

function empty(place: Place): Finding {
  return wrong(place, 'rounds', 'for-each over an empty list would check nothing', 'name at least one')
}

function checkRoundName(name: string, place: Place, scope: Scope): Finding[] {
  if (name === 'item') return []
  const found = checkNewName(name, place)
  if (found.length > 0 || !scope.names.has(name)) return found
  return [wrong(place, 'shadowed', `"${name}" is taken: it was captured or named before`, 'use another name')]
}

function placeOfName(each: unknown, name: string, place: Place): Place {
  const row = Array.isArray(each) ? each.findIndex((one) => isMapping(one) && name in one) : -1
  return row === -1 ? placeOfKey(placeOf(each) ?? place, name) : placeOfKey(placeAt(place, row), name)
}

/** The captures of each round are kept, and every round is an event. */
export const MOST_ROUNDS = 1_000_000

export function tooManyRounds(place: Place, count: number | bigint): Finding {
  const most = MOST_ROUNDS.toLocaleString('en-US')
  return wrong(place, 'rounds', `${count} rounds are too many`, `the most are ${most}`)
}

function checkCount(repeat: unknown, place: Place, scope: Scope): Finding[] {
  if ((typeof repeat === 'number' || typeof repeat === 'bigint') && repeat > MOST_ROUNDS)
    return [tooManyRounds(place, repeat)]
  if (typeof repeat !== 'string') return []
  if (repeat.includes('${{')) return checkText(repeat, place, scope)
  return [wrong(place, 'rounds', `"${repeat}" is no count`, 'give a whole number from 1')]
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
