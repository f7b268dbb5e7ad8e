/** What is wrong with a condition as it is written: raw, expressions not yet filled in. */
import { shaped } from '../base/shaped.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { ProbeKind } from '../contracts/probe.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../contracts/source.ts'
import { unknownName } from '../contracts/suggest.ts'
import { isMapping, shown } from '../matchers.ts'
import { checkExpected } from './check-expected.ts'
import { expectedOf, type Fields, isField, listed, type Plain } from './expected.ts'
import { type Group, groups } from './group.ts'
import { conditionHint } from './hint.ts'

export interface ConditionCheck {
  readonly probes: Kinds['probes']
  /** Checks the value under a probe's name by the probe's own schema. */
  validate(probe: string, value: unknown, place: Place): Finding[]
  /** Says that a word is of the language, but not built yet. */
  planned?(word: string): string | undefined
}

/**
 * Findings of one condition: shape, words, paths, and checks that could never fail. `own` are the keys that belong to
 * the step and not to the condition.
 */
export function checkCondition(
  plain: unknown,
  place: Place,
  options: ConditionCheck,
  own: readonly string[] = [],
): Finding[] {
  if (!isMapping(plain))
    return [
      wrong(
        whole(place),
        'bad-condition',
        `a condition is a mapping, and not ${shown(plain)}`,
        Array.isArray(plain) ? 'write all: with the list, or one step for each' : EXAMPLE,
      ),
    ]
  const at = placeOf(plain) ?? place
  const heads = Object.keys(plain).filter((key) => !own.includes(key) && (options.probes.has(key) || isGroup(key)))
  const [head] = heads
  if (head === undefined) return checkHeadless(plain, at, options, own)
  if (heads.length > 1)
    return [
      wrong(
        whole(at),
        'two-probes',
        `a condition has one probe, and here are ${heads.length}: ${heads.join(', ')}`,
        'write `all:` with a list of conditions',
      ),
    ]
  return isGroup(head) ? checkGroup(plain, head, at, options, own) : checkOne(plain, head, at, options, own)
}

/** Findings of an `expect`: of a condition, or beside a step with a reading of its own. */
export function checkExpect(
  plain: unknown,
  place: Place,
  { fields }: { readonly name?: string; readonly fields: Fields },
): Finding[] {
  const at = placeOf(plain) ?? place
  if (!isMapping(plain))
    return [wrong(at, 'bad-expect', `\`expect\` is a mapping of fields or $ paths, and not ${shown(plain)}`)]
  if (Object.keys(plain).length === 0)
    return [wrong({ ...at, key: true }, 'vacuous', 'an empty `expect` expects nothing', 'name a field or a $ path')]
  return checkExpected(listed(plain, at), fields)
}

const EXAMPLE = 'such as {http: http://gateway/health, status: 200}'

/** No probe: the key that was meant to be one is named, if one can be told. */
function checkHeadless(
  plain: Plain,
  place: Place,
  { probes, planned }: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const names = [...probes.keys(), ...groups]
  const unknown = Object.keys(plain).filter((key) => !own.includes(key) && key !== 'expect')
  const fields = new Set([...probes.values()].flatMap((probe) => Object.keys(probe.fields)))
  const meant = unknown.find((key) => !fields.has(key)) ?? unknown[0]
  if (meant === undefined)
    return [wrong(whole(place), 'no-probe', `there is no probe here; one of: ${names.join(', ')}`, EXAMPLE)]
  const later = planned?.(meant)
  if (later) return [wrong(placeOfKey(place, meant), 'not-built', later)]
  const hint = conditionHint(meant, undefined, own)
  const message = unknownName(`unknown probe "${meant}"`, meant, [...names, ...own], hint)
  return [wrong(placeOfKey(place, meant), 'unknown-probe', message, hint)]
}

function checkGroup(
  plain: Plain,
  group: Group,
  place: Place,
  options: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const list = plain[group]
  const beside = Object.keys(plain).filter((key) => key !== group && !own.includes(key))
  const strangers = beside.map((key) =>
    wrong(
      placeOfKey(place, key),
      'unknown-key',
      `"${key}" can't stand beside \`${group}\``,
      own.length > 0
        ? `put it into a condition of the list; here: ${own.join(', ')}`
        : 'put it into a condition of the list',
    ),
  )
  const inside = placeAt(place, group)
  if (!Array.isArray(list))
    return [...strangers, wrong(inside, 'bad-condition', `\`${group}\` takes a list of conditions`, EXAMPLE)]
  if (list.length === 0)
    return [...strangers, wrong({ ...inside, key: true }, 'vacuous', `an empty \`${group}\` expects nothing`, EXAMPLE)]
  return [
    ...strangers,
    ...list.flatMap((one, index) => checkCondition(one, placeAt(placeOf(list) ?? inside, index), options)),
  ]
}

function checkOne(
  plain: Plain,
  name: string,
  place: Place,
  options: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const probe = options.probes.get(name) as ProbeKind
  const expect = plain['expect']
  const at = placeAt(place, name)
  const invalid = options.validate(name, plain[name], at)
  const findings = [
    ...invalid,
    ...(invalid.length === 0 ? (probe.check?.(shaped(probe.params, plain[name]), at) ?? []) : []),
    ...checkKeys(plain, name, probe, place, own),
    ...checkTwice(plain, probe, place),
  ]
  if (expect !== undefined && (!isMapping(expect) || Object.keys(expect).length === 0))
    return [...findings, ...checkExpect(expect, placeAt(place, 'expect'), probe)]
  const expected = expectedOf(withoutOwn(plain, own), name, probe, place)
  if (expected.length === 0 && !probe.expects && findings.length === 0)
    return [
      wrong(
        placeOfKey(place, name),
        'vacuous',
        `nothing is expected of \`${name}\`, so this can never fail`,
        `expect something of: ${Object.keys(probe.fields).join(', ')}`,
      ),
    ]
  return [...findings, ...checkExpected(expected, probe.fields)]
}

/** Keys beside the probe: fields of its reading, `expect`, and the step's own. */
function checkKeys(plain: Plain, name: string, probe: ProbeKind, place: Place, own: readonly string[]): Finding[] {
  const known = [...Object.keys(probe.fields), 'expect', ...own]
  return Object.keys(plain)
    .filter((key) => key !== name && key !== 'expect' && !own.includes(key) && !isField(key, probe.fields))
    .map((key) => {
      const at = placeOfKey(place, key)
      if (key.startsWith('$'))
        return wrong(at, 'unknown-key', `"${key}" stands only under \`expect\``, `write expect: { ${key}: … }`)
      const hint = conditionHint(key, probe, own)
      return wrong(at, 'unknown-key', unknownName(`\`${name}\` has no "${key}"`, key, known, hint), hint)
    })
}

function checkTwice(plain: Plain, probe: ProbeKind, place: Place): Finding[] {
  const expect = plain['expect']
  if (!isMapping(expect)) return []
  const at = placeOf(expect) ?? placeAt(place, 'expect')
  return Object.keys(expect)
    .filter((key) => Object.hasOwn(plain, key) && isField(key, probe.fields))
    .map((key) =>
      wrong(
        placeOfKey(at, key),
        'given-twice',
        `"${key}" is given twice: beside the probe and under \`expect\``,
        'keep one',
      ),
    )
}

function withoutOwn(plain: Plain, own: readonly string[]): Plain {
  return Object.fromEntries(Object.entries(plain).filter(([key]) => !own.includes(key)))
}

function isGroup(key: string): key is Group {
  return (groups as readonly string[]).includes(key)
}

/** The line of the key that holds a mapping: for what is missing in it, or there twice. */
function whole(place: Place): Place {
  return { ...place, key: true }
}

function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, hint, level: 'error' }
}
