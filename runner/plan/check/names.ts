/** Names in expressions: undefined, used before they are captured, or taken twice; and secrets where they would be seen. */
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import { type PlainSteps, withCondition } from '../../contracts/params.ts'
import type { Case } from '../../contracts/plan.ts'
import { type Place, placeAt, placeOf } from '../../contracts/source.ts'
import type { Fragment } from '../../contracts/step.ts'
import { type KnownStep, knownStep, phases } from '../standing.ts'
import { everyStep, stepParts } from '../walk.ts'
import { addCaptures } from './captures.ts'
import { checkCommand } from './commands.ts'
import { checkDeclared } from './declared.ts'
import { checkFlag, checkValue, usesSecret } from './expressions.ts'
import { checkPieces } from './pieces.ts'
import { bringsNames, checkRounds, roundNames, secretNames } from './rounds.ts'
import { gatherRounds, roundScope, type Scope, scopeOf, scopeOfFragment } from './scope.ts'
import { checkTargetNames } from './target-names.ts'

export function checkNames(kase: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const { plan } = kase
  const own = phases.flatMap(([list]) => plan[list])
  const scope = scopeOf(kase, kinds, laterCaptures(own, kinds))
  markSecrets(plan.variables, scope)
  return [
    ...checkDeclared(plan),
    ...checkHead(kase, scope),
    ...checkTargetNames(kase, scope),
    ...phases.flatMap(([list, phase]) =>
      checkSteps(plan[list], { ...scope, conditional: phase !== 'steps' }, plan.fragments),
    ),
  ]
}

/** A variable that is made of a secret is one. */
function markSecrets(variables: Readonly<Record<string, unknown>>, scope: Scope): void {
  const open = Object.entries(variables).filter(([name]) => !scope.secret.has(`variables.${name}`))
  const found = open.filter(([, value]) => usesSecret(value, scope))
  for (const [name] of found) scope.secret.add(`variables.${name}`)
  if (found.length > 0) markSecrets(variables, scope)
}

/** What stands above the steps; nothing was captured there yet. */
function checkHead({ plan }: Omit<Case, 'id'>, scope: Scope): Finding[] {
  const conditions = [
    ...plan.requires.map((plain, index) => [plain, placeAt(plan.place, 'requires', index)] as const),
    ...plan.baseline.map((plain, index) => [plain, placeAt(plan.place, 'baseline', index)] as const),
  ]
  return [
    ...checkValue(plan.variables, placeAt(plan.place, 'variables'), scope),
    ...checkValue(plan.targetVariables, placeAt(plan.place, 'target', 'variables'), scope),
    ...conditions.flatMap(([plain, place]) => checkPrerequisite(plain, placeOf(plain) ?? place, scope)),
  ]
}

function checkPrerequisite(plain: Readonly<Record<string, unknown>>, place: Place, scope: Scope): Finding[] {
  const { if: when, ...condition } = plain
  return [...checkFlag(when, placeAt(place, 'if'), scope), ...checkPieces(withCondition({}), condition, place, scope)]
}

/** Every capture of a document, whichever step makes it. */
function laterCaptures(steps: PlainSteps, kinds: Kinds): Set<string> {
  return new Set([...everyStep(steps, kinds)].flatMap((raw) => Object.keys(stepParts(raw, kinds).common.capture ?? {})))
}

type Fragments = ReadonlyMap<string, Fragment>

function checkSteps(steps: PlainSteps, scope: Scope, fragments: Fragments): Finding[] {
  return steps.flatMap((raw) => checkStep(knownStep(raw, { ...scope, fragments }), scope, fragments))
}

function checkStep(step: KnownStep, outer: Scope, fragments: Fragments): Finding[] {
  const { common, place } = step
  const hasRounds = common['for-each'] !== undefined || common.repeat !== undefined
  const scope = hasRounds ? scopeOfRounds(step, outer) : outer
  const found = [...checkRounds(common, place, outer), ...checkInside(step, scope, fragments)]
  if (scope !== outer) gatherRounds(outer, scope)
  return found
}

function scopeOfRounds({ common }: KnownStep, outer: Scope): Scope {
  const each = common['for-each']
  const scope = roundScope(
    outer,
    [...roundNames(each), ...(each === undefined ? [] : ['item']), 'index'],
    bringsNames(each),
  )
  for (const name of secretNames(each, outer)) scope.secret.add(name)
  return scope
}

function checkInside(step: KnownStep, scope: Scope, fragments: Fragments): Finding[] {
  const { kind, params, common, place, known } = step
  const nestedScope = { ...scope, conditional: step.conditional }
  const nested = (steps: unknown) => checkSteps(steps as PlainSteps, nestedScope, fragments)
  const found = [
    ...checkFlag(common.if, placeAt(place, 'if'), scope),
    ...checkValue(common.name, placeAt(place, 'name'), scope),
    ...checkValue(common.timeout, placeAt(place, 'timeout'), scope),
    ...checkFlag(common['continue-on-error'], placeAt(place, 'continue-on-error'), scope),
    ...checkPieces(known?.params, params, placeAt(place, kind), scope, nested),
    ...checkValue(common.expect, placeAt(place, 'expect'), scope),
    ...(['undo', 'verify'] as const).flatMap((key) => checkCommand(common[key], placeAt(place, key), scope)),
  ]
  if (!step.fragment) return [...found, ...addCaptures(step, scope, new Set())]
  const inside = scopeInside(step.fragment, params, scope)
  found.push(...checkFragment(step.fragment, inside))
  return [...found, ...addCaptures(step, scope, secretOutputs(step.fragment, inside))]
}

/** A fragment is checked where it is used: what it is given tells which of its inputs hold a secret. */
function scopeInside(fragment: Fragment, params: unknown, caller: Scope): Scope {
  const scope = scopeOfFragment(fragment, caller, laterCaptures(fragment.steps, caller.kinds))
  const { with: given = {} } = (typeof params === 'object' && params !== null ? params : {}) as { with?: object }
  for (const [name, value] of Object.entries(given)) if (usesSecret(value, caller)) scope.secret.add(`inputs.${name}`)
  return scope
}

function checkFragment(fragment: Fragment, scope: Scope): Finding[] {
  const steps = checkSteps(fragment.steps, scope, fragment.fragments ?? new Map())
  return [...steps, ...checkValue(fragment.outputs, { file: fragment.file, path: ['outputs'] }, scope)]
}

function secretOutputs({ outputs }: Fragment, scope: Scope): ReadonlySet<string> {
  return new Set(Object.keys(outputs).filter((name) => usesSecret(outputs[name], scope)))
}
