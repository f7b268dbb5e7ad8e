/** What is wrong with a condition as it is written, before anything runs. */

import { isField } from './condition.ts'
import type { Finding } from './contracts/errors.ts'
import type { Kinds } from './contracts/kinds.ts'
import type { Field, ProbeKind } from './contracts/probe.ts'
import { type Place, placeAt, placeOfKey } from './contracts/source.ts'
import { didYouMean } from './contracts/suggest.ts'
import { checkPath } from './jsonpath.ts'
import { checkMatcher } from './matchers.ts'

export interface ConditionCheck {
  readonly probes: Kinds['probes']
  /** Checks the value under a probe's name. */
  validate(name: string, value: unknown, place: Place): Finding[]
  /** Says that a word is of the language, but not built yet. */
  planned(word: string): string | undefined
}

const GROUPS = ['all', 'any', 'none'] as const

/** Every finding of a raw condition; `own` are keys that belong to the step it stands in. */
export function checkCondition(
  plain: unknown,
  place: Place,
  by: ConditionCheck,
  own: readonly string[] = [],
): Finding[] {
  if (!isMapping(plain))
    return [wrong(place, 'bad-condition', 'a condition is a mapping', 'write {service: NAME, state: healthy}')]
  const groups = GROUPS.filter((key) => key in plain)
  const probes = Object.keys(plain).filter((key) => by.probes.has(key))
  const subjects = [...groups, ...probes]
  if (subjects.length === 0) return noProbe(plain, place, by, own)
  if (subjects.length > 1)
    return [
      wrong(
        placeOfKey(place, subjects[1] ?? ''),
        'two-probes',
        `a condition is one probe, and here are ${subjects.join(' and ')}`,
        'use `all: [{…}, {…}]` for several',
      ),
    ]
  const [group] = groups
  return group === undefined
    ? checkSingle(plain, probes[0] ?? '', place, by, own)
    : checkGroup(plain, group, place, by, own)
}

function noProbe(
  plain: Readonly<Record<string, unknown>>,
  place: Place,
  by: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const unknown = Object.keys(plain).find((key) => !own.includes(key) && key !== 'expect')
  if (unknown === undefined)
    return [wrong(place, 'no-probe', 'nothing is read here', `name a probe: ${[...by.probes.keys()].join(', ')}`)]
  const planned = by.planned(unknown)
  if (planned) return [wrong(placeOfKey(place, unknown), 'not-built', planned)]
  return [
    wrong(
      placeOfKey(place, unknown),
      'unknown-probe',
      `unknown probe "${unknown}"; ${didYouMean(unknown, [...by.probes.keys(), ...own])}`,
    ),
  ]
}

function checkGroup(
  plain: Readonly<Record<string, unknown>>,
  group: string,
  place: Place,
  by: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const list = plain[group]
  const beside = Object.keys(plain).filter((key) => key !== group && !own.includes(key))
  const found = beside.map((key) =>
    wrong(
      placeOfKey(place, key),
      'unknown-key',
      `"${key}" can't stand beside \`${group}\``,
      'write it in one of the conditions of the list',
    ),
  )
  if (!Array.isArray(list) || list.length === 0)
    return [
      ...found,
      wrong(
        placeAt(place, group),
        'empty-list',
        `\`${group}\` takes a list of conditions`,
        'an empty list would check nothing',
      ),
    ]
  return [...found, ...list.flatMap((one, index) => checkCondition(one, placeAt(place, group, index), by))]
}

function checkSingle(
  plain: Readonly<Record<string, unknown>>,
  name: string,
  place: Place,
  by: ConditionCheck,
  own: readonly string[],
): Finding[] {
  const probe = by.probes.get(name) as ProbeKind
  const short = Object.keys(plain).filter((key) => key !== name && key !== 'expect' && !own.includes(key))
  const found = [
    ...by.validate(name, plain[name], placeAt(place, name)),
    ...short.flatMap((key) => checkShort(plain, key, probe, place, own)),
  ]
  if ('expect' in plain) found.push(...checkExpect(plain['expect'], placeAt(place, 'expect'), probe, short))
  const expects = short.length > 0 || 'expect' in plain
  if (!expects && probe.bare === undefined && probe.expects === undefined)
    found.push(
      wrong(
        placeOfKey(place, name),
        'no-expectation',
        `nothing is expected of "${name}", so this could never fail`,
        `say what: ${Object.keys(probe.fields).join(', ')}`,
      ),
    )
  return found
}

function checkShort(
  plain: Readonly<Record<string, unknown>>,
  key: string,
  probe: ProbeKind,
  place: Place,
  own: readonly string[],
): Finding[] {
  if (key.startsWith('$'))
    return [
      wrong(placeOfKey(place, key), 'path-outside', 'a path stands under `expect`', `write expect: { ${key}: … }`),
    ]
  if (!isField(key, probe)) {
    const words = [...Object.keys(probe.fields), 'expect', ...own]
    return [wrong(placeOfKey(place, key), 'unknown-key', `${probe.name} has no "${key}"; ${didYouMean(key, words)}`)]
  }
  return checkValue(plain[key], key, probe, placeAt(place, key))
}

/** Also for the common key `expect` beside a step. */
export function checkExpect(
  expect: unknown,
  place: Place,
  kind: { name: string; fields: Readonly<Record<string, Field>> },
  short: readonly string[] = [],
): Finding[] {
  if (!isMapping(expect))
    return [wrong(place, 'bad-expect', '`expect` is a mapping', 'write {field: value}, or {$.path: value}')]
  if (Object.keys(expect).length === 0)
    return [wrong(place, 'empty-expect', 'an empty `expect` could never fail', 'say what is expected')]
  return Object.entries(expect).flatMap(([key, matcher]) => {
    if (key.includes('${{')) return checkMatcher(matcher, placeAt(place, key))
    if (key.startsWith('$')) return [...checkPathKey(key, place), ...checkMatcher(matcher, placeAt(place, key))]
    if (short.includes(key))
      return [wrong(placeOfKey(place, key), 'twice', `"${key}" is expected twice`, 'keep one of them')]
    if (!((key.split('.')[0] ?? '') in kind.fields))
      return [
        wrong(
          placeOfKey(place, key),
          'unknown-field',
          `${kind.name} reads no "${key}"; ${didYouMean(key, Object.keys(kind.fields))}`,
          'a path into the document begins with $',
        ),
      ]
    return checkValue(matcher, key, kind, placeAt(place, key))
  })
}

function checkPathKey(path: string, place: Place): Finding[] {
  const bad = checkPath(path)
  if (!bad) return []
  const at = { ...placeOfKey(place, path), span: [Math.min(bad.index, path.length - 1), path.length] as const }
  return [
    wrong(
      at,
      'bad-jsonpath',
      `not a JSONPath: ${bad.message}`,
      'see RFC 9535; a key with other characters is written $["a-b"]',
    ),
  ]
}

function checkValue(
  matcher: unknown,
  key: string,
  kind: { fields: Readonly<Record<string, Field>> },
  place: Place,
): Finding[] {
  const words = kind.fields[key]?.words
  if (words && typeof matcher === 'string' && !matcher.includes('${{') && !words.includes(matcher))
    return [wrong(place, 'unknown-word', `"${matcher}" is no ${key}; ${didYouMean(matcher, words)}`)]
  return checkMatcher(matcher, place)
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, level: 'error', ...(hint === undefined ? {} : { hint }) }
}
