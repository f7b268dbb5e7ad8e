/** The shape of what people write: keys, kinds and params, each by the kind's own schema, so that one mistake is one message. */

import { exactJson } from '../base/exact-json.ts'
import { shaped } from '../base/shaped.ts'
import { type ConditionCheck, checkCondition, checkExpect } from '../condition.ts'
import type { Finding } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Document } from '../contracts/plan.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../contracts/source.ts'
import type { StepKind } from '../contracts/step.ts'
import { didYouMean, unknownName } from '../contracts/suggest.ts'
import { plainOnly } from './check/declared.ts'
import { meaningErrors } from './meanings.ts'
import { stepHint } from './misplaced.ts'
import { plannedWord } from './planned.ts'
import { findingsOf, missingBlank, type Wording, wrong } from './schema-errors.ts'
import type { SchemaError, Validated, Validators } from './validators.ts'
import { commonKeys, parts } from './walk.ts'

interface Checker {
  readonly kinds: Kinds
  readonly validators: Validators
}

const STEP_LISTS = ['steps', 'on-failure', 'always', 'last-resort'] as const

export function validatePlan(document: Document, kinds: Kinds, validators: Validators): Finding[] {
  const by = { kinds, validators }
  const tree = document.tree as Record<string, unknown>
  const place = { file: document.file, path: [] }
  const found = check(by, 'shape', 'plan', tree, place, (word) => plannedWord('plan', word))
  for (const key of STEP_LISTS) found.push(...validateSteps(tree[key], placeAt(place, key), by))
  for (const key of ['requires', 'baseline'])
    for (const [index, one] of listOf(tree[key]).entries())
      found.push(...validateRequirement(one, placeAt(place, key, index), by, key === 'requires'))
  found.push(...unknownInputs(tree, place))
  for (const [name, secret] of Object.entries(mappingOf(tree['secrets'])))
    if (Object.keys(mappingOf(secret)).length !== 1)
      found.push(
        wrong(placeAt(place, 'secrets', name), 'bad-secret', 'a secret comes from exactly one of env, file, command'),
      )
  return found
}

export function validateFragment(document: Document, kinds: Kinds, validators: Validators): Finding[] {
  const by = { kinds, validators }
  const tree = document.tree as Record<string, unknown>
  const place = { file: document.file, path: [] }
  return [...check(by, 'shape', 'fragment', tree, place), ...validateSteps(tree['steps'], placeAt(place, 'steps'), by)]
}

export function validateTargets(document: Document, kinds: Kinds, validators: Validators): Finding[] {
  const by = { kinds, validators }
  const tree = document.tree as Record<string, unknown>
  const place = { file: document.file, path: [] }
  const found = check(by, 'shape', 'targets', tree, place)
  for (const [name, target] of Object.entries(mappingOf(tree['targets'])))
    found.push(...validateTarget(mappingOf(target), placeAt(place, 'targets', name), by))
  return found
}

/** Keys that all targets have, and beside them those of its runtime. */
function validateTarget(target: Readonly<Record<string, unknown>>, place: Place, by: Checker): Finding[] {
  const name = String(target['runtime'] ?? 'process')
  const runtime = by.kinds.runtimes.get(name)
  if (!runtime) {
    const later = plannedWord('runtime', name)
    return [
      later
        ? wrong(placeAt(place, 'runtime'), 'not-built', later)
        : wrong(
            placeAt(place, 'runtime'),
            'unknown-runtime',
            `unknown runtime "${name}"; ${didYouMean(name, by.kinds.runtimes.keys())}`,
          ),
    ]
  }
  const shared = Object.keys((by.validators.schema('shape', 'target') as { properties: object }).properties)
  const own = Object.keys(runtime.params.properties)
  const known = new Set([...shared, ...own])
  const pick = (keys: readonly string[]) =>
    Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)))
  const found = [...check(by, 'shape', 'target', pick(shared), place), ...check(by, 'runtime', name, pick(own), place)]
  for (const key of Object.keys(target)) {
    if (known.has(key)) continue
    const later = plannedWord('target', key)
    found.push(
      later
        ? wrong(placeOfKey(place, key), 'not-built', later)
        : wrong(placeOfKey(place, key), 'unknown-key', `unknown key "${key}"; ${didYouMean(key, known)}`),
    )
  }
  found.push(...checkHost(target, place))
  for (const part of parts(runtime.params, target, place, by.kinds))
    if (part.is === 'condition') found.push(...checkCondition(part.value, part.place, conditionBy(by)))
  return found
}

/** What only makes sense with a host, or not on one; where it is is known before anything is filled in. */
function checkHost(target: Readonly<Record<string, unknown>>, place: Place): Finding[] {
  if (target['ssh'] === undefined)
    return ['jump', 'become'].flatMap((key) =>
      target[key] === undefined || target[key] === false
        ? []
        : [wrong(placeOfKey(place, key), 'no-host', `"${key}" is for targets with \`ssh:\``, 'name the host')],
    )
  return ['ssh', 'jump'].flatMap((key) => plainOnly(target[key], placeAt(place, key), key))
}

function validateRequirement(plain: unknown, place: Place, by: Checker, isRequirement: boolean): Finding[] {
  if (!isRequirement || !isMapping(plain)) return checkCondition(plain, place, conditionBy(by))
  const own = Object.keys((by.validators.schema('shape', 'requirement') as { properties: object }).properties)
  if ('input' in plain) return check(by, 'shape', 'requirement', plain, place)
  const said = Object.fromEntries(Object.entries(plain).filter(([key]) => own.includes(key)))
  return [...check(by, 'shape', 'requirement', said, place), ...checkCondition(plain, place, conditionBy(by), own)]
}

/** A case whose requirement names an input that nobody can give would be skipped forever. */
function unknownInputs(tree: Readonly<Record<string, unknown>>, place: Place): Finding[] {
  const names = Object.keys(mappingOf(tree['inputs']))
  return listOf(tree['requires']).flatMap((one, index) => {
    const { input } = mappingOf(one)
    if (typeof input !== 'string' || names.includes(input)) return []
    const hint = names.length === 0 ? 'the plan has no `inputs`' : didYouMean(input, names)
    return [wrong(placeAt(place, 'requires', index, 'input'), 'unknown-input', `there is no input "${input}"; ${hint}`)]
  })
}

function validateSteps(list: unknown, place: Place, by: Checker): Finding[] {
  return listOf(list).flatMap((raw, index) => validateStep(raw, placeAt(place, index), by))
}

function validateStep(raw: unknown, place: Place, by: Checker): Finding[] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return [wrong(place, 'bad-step', 'a step is a mapping', missingBlank(raw) ?? 'write `- wait-for: {…}`')]
  const step = raw as Record<string, unknown>
  const kinds = Object.keys(step).filter((key) => by.kinds.steps.has(key))
  const strange = Object.keys(step).filter(
    (key) => !by.kinds.steps.has(key) && !(commonKeys as readonly string[]).includes(key),
  )
  const [name, second] = kinds
  if (second !== undefined)
    return [
      wrong(
        placeOfKey(place, second),
        'two-kinds',
        `a step is one thing, and here are ${kinds.join(' and ')}`,
        'make two steps of it',
      ),
    ]
  if (name === undefined) return [noKind(step, strange, place, by)]
  const common = Object.fromEntries(Object.entries(step).filter(([key]) => key !== name && !strange.includes(key)))
  return [
    ...strange.map((key) => {
      const hint = stepHint(key, step[key], by.kinds.steps.get(name), by.kinds)
      const message = unknownName(`unknown key "${key}"`, key, [...commonKeys, ...by.kinds.steps.keys()], hint)
      return wrong(placeOfKey(place, key), 'unknown-key', message, hint)
    }),
    ...check(by, 'shape', 'common', common, place),
    ...validateKind(by.kinds.steps.get(name) as StepKind, step, place, by),
  ]
}

function noKind(
  step: Readonly<Record<string, unknown>>,
  strange: readonly string[],
  place: Place,
  by: Checker,
): Finding {
  const [word] = strange
  if (word === undefined)
    return wrong(place, 'no-kind', 'this step does nothing', `name a kind: ${[...by.kinds.steps.keys()].join(', ')}`)
  const later = plannedWord('step', word) ?? plannedWord('key', word)
  if (later) return wrong(placeOfKey(place, word), 'not-built', later)
  const names = [...by.kinds.steps.keys(), ...commonKeys.filter((key) => !(key in step))]
  const hint = stepHint(word, step[word], undefined, by.kinds)
  return wrong(
    placeOfKey(place, word),
    'unknown-kind',
    unknownName(`unknown step kind "${word}"`, word, names, hint),
    hint,
  )
}

function validateKind(
  kind: StepKind,
  step: Readonly<Record<string, unknown>>,
  stepPlace: Place,
  by: Checker,
): Finding[] {
  const params = step[kind.name]
  const place = placeAt(stepPlace, kind.name)
  const schema = kind.params as { 'x-slot'?: string; properties?: object }
  // A condition that is not a mapping has one message: the one of the condition.
  const isPlainWrong = schema['x-slot'] === 'condition' && (typeof params !== 'object' || Array.isArray(params))
  const found = isPlainWrong ? [] : check(by, 'step', kind.name, params, place)
  const own = Object.keys(schema.properties ?? {})
  if (schema['x-slot'] === 'condition') found.push(...checkCondition(params, place, conditionBy(by), own))
  if (schema['x-slot'] === 'fault') found.push(...validateFault(params, place, by, own))
  if (found.length === 0 && kind.check)
    found.push(...kind.check(shaped(kind.params, params), { place, file: place.file, finding: wrong }))
  // What a fragment gives back is known once it is read.
  if ('expect' in step && typeof kind.reading === 'object' && !kind.includes)
    found.push(...checkExpect(step['expect'], placeAt(stepPlace, 'expect'), { name: kind.name, fields: kind.reading }))
  for (const part of parts(kind.params, params, place, by.kinds))
    found.push(...validatePart(part.is, part.value, part.place, by))
  return found
}

function validatePart(is: string | undefined, value: unknown, place: Place, by: Checker): Finding[] {
  if (is === 'steps') return validateSteps(value, place, by)
  if (is === 'condition' && !isInList(place)) return checkCondition(value, place, conditionBy(by))
  return []
}

/** Conditions within `all`, `any`, `none` were checked with the one that holds them. */
function isInList(place: Place): boolean {
  return typeof place.path.at(-1) === 'number'
}

function validateFault(params: unknown, place: Place, by: Checker, own: readonly string[]): Finding[] {
  const plain = mappingOf(params)
  const faults = Object.keys(plain).filter((key) => by.kinds.faults.has(key))
  const [name, second] = faults
  if (second !== undefined)
    return [
      wrong(
        placeOfKey(place, second),
        'two-faults',
        `one step breaks one thing, and here are ${faults.join(' and ')}`,
        'make two steps of it',
      ),
    ]
  if (name === undefined) {
    const word = Object.keys(plain).find((key) => !own.includes(key))
    if (word === undefined)
      return [
        wrong(place, 'no-fault', 'nothing is broken here', `name a fault: ${[...by.kinds.faults.keys()].join(', ')}`),
      ]
    const later = plannedWord('fault', word)
    return [
      later
        ? wrong(placeOfKey(place, word), 'not-built', later)
        : wrong(
            placeOfKey(place, word),
            'unknown-fault',
            `unknown fault "${word}"; ${didYouMean(word, by.kinds.faults.keys())}`,
          ),
    ]
  }
  const kind = by.kinds.faults.get(name)
  const options = Object.keys(kind?.options ?? {})
  const strange = Object.keys(plain).filter((key) => key !== name && !own.includes(key) && !options.includes(key))
  const shape = check(by, 'fault', name, plain, place)
  const found =
    shape.length === 0 && kind?.check
      ? kind.check(
          shaped(kind.params, plain[name]),
          shaped({ type: 'object', properties: kind.options }, plain) as typeof plain,
          { place, file: place.file, finding: wrong },
        )
      : []
  return [
    ...shape,
    ...found,
    ...strange.map((key) =>
      wrong(
        placeOfKey(place, key),
        'unknown-key',
        `${name} has no option "${key}"; ${didYouMean(key, [...options, ...own])}`,
      ),
    ),
  ]
}

function conditionBy(by: Checker): ConditionCheck {
  return {
    probes: by.kinds.probes,
    validate: (name, value, place) => check(by, 'probe', name, value, place),
    planned: (word) => plannedWord('probe', word),
  }
}

function check(
  { validators }: Checker,
  of: Validated,
  name: string,
  value: unknown,
  place: Place,
  planned?: (word: string) => string | undefined,
): Finding[] {
  if (value === undefined) return []
  const schema = validators.schema(of, name) ?? {}
  const fills: Wording['fills'] = (path, error) => isFilledIn(of, name, path, error)
  const found = findingsOf(validators.check(of, name, value), schema, value, place, {
    ...(planned && { planned }),
    fills,
  })
  return found.length > 0 ? found : meaningErrors(schema, value, place)
}

/** Values are filled into what steps do; of plans and targets themselves only texts are. */
function isFilledIn(
  of: Validated,
  name: string,
  path: readonly (string | number)[],
  { keyword }: SchemaError,
): boolean {
  if (of === 'runtime') return keyword === 'pattern' && path.at(-1) === 'port'
  if (of !== 'shape') return true
  return name === 'common' && path.length === 1 && (path[0] === 'timeout' || path[0] === 'continue-on-error')
}

/** Once the values are filled in, params are checked by the schemas of the kind, its probes and its fault again. */
export function strictly(kinds: Kinds, validators: Validators) {
  const by = { kinds, validators }
  return (of: 'step', name: string, bound: unknown, raw: unknown): Finding[] => {
    if (!exactJson(raw).includes('${{')) return []
    const schema = validators.schema(of, name) ?? {}
    const place = placeOf(bound) ?? placeOf(raw) ?? { file: '', path: [] }
    // Commands have become something else.
    const commands = [...parts(schema, raw, place, kinds)]
      .filter(
        ({ is, value }) =>
          (is === 'command' || is === 'commands') && (typeof value === 'string' || Array.isArray(value)),
      )
      .map((part) => part.place.path.join('/'))
    return [...check(by, of, name, bound, place), ...slotErrors(schema, bound, place, by)].filter(
      (finding) => !commands.some((path) => finding.place.path.join('/').startsWith(path)),
    )
  }
}

function slotErrors(schema: object, bound: unknown, place: Place, by: Checker): Finding[] {
  const found = [...parts(schema, bound, place, by.kinds)].flatMap(({ probe, value, place: at }) =>
    probe ? check(by, 'probe', probe.name, value, at) : [],
  )
  if ((schema as { 'x-slot'?: string })['x-slot'] !== 'fault' || !isMapping(bound)) return found
  const fault = Object.keys(bound).find((key) => by.kinds.faults.has(key))
  return fault === undefined ? found : [...found, ...check(by, 'fault', fault, bound, place)]
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mappingOf(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {}
}
