import type { Incomplete } from '../base/incomplete.ts'
import { type Answer, some, untaken } from './answer.ts'
import { lookAlike } from './look-alike.ts'
import { type Matchers, type Matching, wrong } from './matcher.ts'
import { shown, typeOf } from './shown.ts'

export const equality: Matchers = {
  equals: {
    description: 'equal in value and type: "1" is not 1',
    schema: {},
    test: equal,
    testPart: equalsPart,
    says: shown,
    note: (want, actual) => typeNote(want, actual) ?? lookAlike(want, actual),
  },
  'one-of': {
    description: 'equal to one of these',
    schema: { type: ['array', 'string'], minItems: 1 },
    test: (want, actual, how) => (want as unknown[]).some((one) => equal(one, actual, how)),
    testPart: (want, actual, how) => some(want as unknown[], (one) => equalsPart(one, actual, how)),
    says: (want) => `one of ${(want as unknown[]).map(shown).join(', ')}`,
    check: (want, place) =>
      Array.isArray(want) && want.length > 0
        ? []
        : [wrong(place, 'bad-matcher', '`one-of` takes a list with something in it', 'write [a, b]')],
    note: (want, actual) =>
      (want as unknown[]).map((one) => typeNote(one, actual) ?? lookAlike(one, actual)).find(Boolean),
  },
}

/** JSON, YAML and TOML compare typed; text compares with the usual spelling of a number or boolean. */
export function equal(want: unknown, actual: unknown, how: Matching): boolean {
  if (typeof actual === 'string') return equalText(want, actual, how)
  return same(want, actual, how)
}

/** The whole value cannot equal the wanted one if its known part is not a part of that. */
export function equalsPart(want: unknown, { part, missing, why }: Incomplete, how: Matching): Answer {
  if (typeof part === 'number') return typeof want === 'number' && want < part ? false : untaken(why)
  if (missing === 'inside' || part === undefined) return untaken(why)
  const whole = typeof part === 'string' && typeof want !== 'string' && how.text ? String(want) : want
  if (typeof whole !== 'string' && !Array.isArray(whole)) return false
  const same = missing === 'end' ? whole.slice(0, part.length) : whole.slice(Math.max(0, whole.length - part.length))
  return equal(same, part, how) ? untaken(why) : false
}

function equalText(want: unknown, actual: string, { text, ignoreCase, digits }: Matching): boolean {
  if (typeof want === 'string' && ignoreCase) return actual.toLowerCase() === want.toLowerCase()
  if (want === actual) return true
  // YAML may spell an octal mode as 0o600.
  const figures = digits === undefined ? undefined : /^(?:0o)?(\d+)$/.exec(String(want))?.[1]
  if (digits !== undefined && figures !== undefined) return figures.padStart(digits, '0') === actual
  return text === true && ['number', 'boolean', 'bigint'].includes(typeof want) && actual === String(want)
}

/** Deep equality of plain values. Operators compare a number with a bigint exactly, so large integers do, too. */
export function same(a: unknown, b: unknown, how: Matching = {}): boolean {
  if (isNumber(a) && isNumber(b)) return a <= b && a >= b
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index], how))
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key as never], b[key as never], how))
  )
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** "1" is not 1, and that is hard to see. */
function typeNote(want: unknown, actual: unknown): string | undefined {
  const looksAlike = typeof want !== 'object' && typeof actual !== 'object' && String(want) === String(actual)
  if (!looksAlike || typeOf(want) === typeOf(actual)) return undefined
  return `a ${typeOf(actual)}, and a ${typeOf(want)} was expected`
}
