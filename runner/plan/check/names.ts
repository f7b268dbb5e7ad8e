/** Names in expressions: undefined, used before they are captured, or taken twice; and secrets where they would be seen. */
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { PlainSteps } from '../../contracts/params.ts'
import type { Case } from '../../contracts/plan.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { checkShellText } from '../shell-text.ts'
import { expressionsIn, type NameUsed, namesUsed, ValueError } from '../values.ts'
import { type Part, parts, stepParts } from '../walk.ts'

const ROOTS = ['inputs', 'variables', 'secrets', 'matrix', 'target', 'services', 'run', 'item', 'index'] as const
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

interface Known {
  readonly kinds: Kinds
  /** Root → its members; undefined means that they can't be told. */
  readonly members: Readonly<Record<string, readonly string[] | undefined>>
  /** Captures so far, and names of rounds. */
  readonly names: Set<string>
  /** Captures that are secrets. */
  readonly secret: Set<string>
}

export function checkNames(kase: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  const { plan } = kase
  const known: Known = { kinds, members: membersOf(kase), names: new Set(), secret: new Set() }
  const declared = ['inputs', 'variables', 'secrets', 'matrix'].flatMap((root) =>
    Object.keys((plan as unknown as Record<string, object | undefined>)[root] ?? {}).flatMap((name) =>
      checkName(name, placeAt(plan.place, root), 'declared'),
    ),
  )
  const top = ['variables', 'requires', 'baseline', 'target'].flatMap((key) => {
    const value = (plan.document.tree as Record<string, unknown>)[key]
    return value === undefined ? [] : checkValue(undefined, value, placeAt(plan.place, key), known)
  })
  const steps = [plan.steps, plan.onFailure, plan.always, plan.lastResort].flatMap((list) => checkSteps(list, known))
  const fragments = [...plan.fragments.values()].flatMap((fragment) => {
    const members = { ...known.members, inputs: Object.keys(fragment.inputs), variables: [], secrets: [], matrix: [] }
    return checkSteps(fragment.steps, { ...known, members, names: new Set() })
  })
  return [...declared, ...top, ...steps, ...fragments]
}

function membersOf({ plan, target }: Omit<Case, 'id'>): Known['members'] {
  return {
    inputs: Object.keys(plan.inputs),
    variables: Object.keys(plan.variables),
    secrets: Object.keys(plan.secrets),
    matrix: Object.keys(plan.matrix ?? {}).filter((name) => !['include', 'exclude', 'cover'].includes(name)),
    target: ['name', 'variables'],
    services: target.services,
    run: ['id'],
  }
}

function checkName(name: string, place: Place, _what: string): Finding[] {
  if (name === 'include' || name === 'exclude' || name === 'cover' || NAME.test(name)) return []
  return [
    wrong(placeOfKey(place, name), 'bad-name', `"${name}" can't be a name in expressions`, 'use letters, digits and _'),
  ]
}

function checkSteps(steps: PlainSteps, known: Known): Finding[] {
  return steps.flatMap((step) => checkStep(step, known))
}

function checkStep(step: PlainSteps[number], known: Known): Finding[] {
  const { kind, params, common, place } = stepParts(step, known.kinds)
  const schema = known.kinds.steps.get(kind)?.params
  const rounds = common['for-each'] !== undefined || common.repeat !== undefined
  const inner: Known = rounds
    ? { ...known, names: new Set([...known.names, ...roundNames(common['for-each']), 'item', 'index']) }
    : known
  const found = checkValue(undefined, common['for-each'], placeAt(place, 'for-each'), known)
  for (const key of ['name', 'if', 'expect', 'timeout'] as const)
    found.push(...checkValue(undefined, common[key], placeAt(place, key), inner, key === 'if'))
  for (const key of ['undo', 'verify'] as const) found.push(...checkCommand(common[key], placeAt(place, key), inner))
  for (const part of parts(schema, params, placeAt(place, kind), known.kinds)) found.push(...checkPart(part, inner))
  found.push(...addCaptures(common.capture, place, known, inner))
  return found
}

function checkPart({ is, value, place }: Part, known: Known): Finding[] {
  if (is === 'steps') return checkSteps(value as PlainSteps, known)
  if (is === 'expression') return checkValue(undefined, value, place, known, true)
  if (is === 'command') return checkCommand(value, place, known)
  if (is === 'commands') return [value].flat().flatMap((one, index) => checkCommand(one, placeAt(place, index), known))
  if (typeof value === 'string') return checkText(value, place, known)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const computed = Object.keys(value).filter((key) => key.includes('${{'))
  return computed.flatMap((key) => checkText(key, placeOfKey(place, key), known))
}

function roundNames(forEach: unknown): string[] {
  if (Array.isArray(forEach))
    return forEach.flatMap((item) => (typeof item === 'object' && item !== null ? Object.keys(item) : []))
  return typeof forEach === 'object' && forEach !== null ? Object.keys(forEach) : []
}

function addCaptures(capture: unknown, place: Place, known: Known, inner: Known): Finding[] {
  const at = placeAt(place, 'capture')
  return Object.entries((capture ?? {}) as Record<string, unknown>).flatMap(([name, spec]) => {
    const found = checkName(name, at, 'captured')
    if ((ROOTS as readonly string[]).includes(name))
      found.push(
        wrong(placeOfKey(at, name), 'shadowed', `"${name}" is taken: it is where ${name} stand`, 'use another name'),
      )
    for (const one of [known, inner]) {
      one.names.add(name)
      if (typeof spec === 'object' && spec !== null && 'secret' in spec && spec.secret === true) one.secret.add(name)
    }
    return found
  })
}

/** Every text in a value; `bare` texts are expressions without `${{ }}`. */
function checkValue(_schema: undefined, value: unknown, place: Place, known: Known, bare = false): Finding[] {
  if (typeof value === 'string')
    return bare && !value.includes('${{') ? checkExpression(value, 0, place, known) : checkText(value, place, known)
  if (Array.isArray(value))
    return value.flatMap((item, index) => checkValue(undefined, item, placeAt(place, index), known))
  if (typeof value !== 'object' || value === null) return []
  const at = placeOf(value) ?? place
  return Object.entries(value).flatMap(([key, item]) =>
    checkValue(undefined, item, placeAt(at, key), known, key === 'if'),
  )
}

/** An argv can be seen by everybody on the machine; in a text each value becomes a variable that travels over stdin. */
function checkCommand(command: unknown, place: Place, known: Known): Finding[] {
  if (typeof command === 'string') {
    if (!command.includes('${{')) return []
    const bad = caught(() => checkShellText(command))
    if (bad)
      return [
        wrong(
          { ...place, span: [bad.start, bad.end] },
          'misplaced-expression',
          bad.message,
          'put it outside of the quotes, or within double quotes',
        ),
      ]
    return checkText(command, place, known)
  }
  if (!Array.isArray(command)) return []
  return command.flatMap((word, index) => {
    if (typeof word !== 'string' || !word.includes('${{')) return []
    const at = placeAt(place, index)
    const found = checkText(word, at, known)
    const secret = found.length === 0 && usesSecret(word, known)
    return secret
      ? [
          wrong(
            at,
            'secret-in-argv',
            'a secret in an argv can be seen by everybody on the machine',
            'write the command as one text: values travel over stdin there',
          ),
        ]
      : found
  })
}

function usesSecret(text: string, known: Known): boolean {
  return expressionsIn(text).some(({ source }) =>
    namesUsed(source).some(({ root }) => root === 'secrets' || known.secret.has(root)),
  )
}

function checkText(text: string, place: Place, known: Known): Finding[] {
  if (!text.includes('${{')) return []
  try {
    return expressionsIn(text).flatMap(({ source, at }) => checkExpression(source, at, place, known))
  } catch (error) {
    return [notAnExpression(error, 0, place)]
  }
}

function checkExpression(source: string, from: number, place: Place, known: Known): Finding[] {
  try {
    const used = namesUsed(source)
    return used.flatMap((name) => checkUse(name, source, from, place, known, used)).slice(0, 1)
  } catch (error) {
    return [notAnExpression(error, from, place)]
  }
}

function notAnExpression(error: unknown, from: number, place: Place): Finding {
  if (!(error instanceof ValueError)) throw error
  return wrong(
    { ...place, span: [from + error.start, from + error.end] },
    'bad-expression',
    `not an expression: ${error.message}`,
    'expressions are CEL: ${{ inputs.name }}, ${{ n + 1 }}',
  )
}

function checkUse(
  name: NameUsed,
  source: string,
  from: number,
  place: Place,
  known: Known,
  used: readonly NameUsed[],
): Finding[] {
  const at = { ...place, span: [from + name.start, from + name.end] as const }
  if (known.names.has(name.root)) return []
  const isRoot = (ROOTS as readonly string[]).includes(name.root) && name.root !== 'item' && name.root !== 'index'
  if (!isRoot) {
    const hyphen = /services\.[\w-]+-[\w-]+/.exec(source)?.[0]
    if (hyphen && used.some(({ root }) => root === 'services'))
      return [
        wrong(
          at,
          'hyphen',
          `with a dot, "${hyphen}" is a subtraction`,
          `write services['${hyphen.slice('services.'.length).split('.')[0]}']`,
        ),
      ]
    return [
      wrong(
        at,
        'unknown-name',
        `nothing is named "${name.root}" here; ${didYouMean(name.root, [...known.names, ...ROOTS.slice(0, 7)])}`,
        'a capture can be used in the steps after it',
      ),
    ]
  }
  const members = known.members[name.root]
  if (name.member === undefined || members === undefined || members.includes(name.member)) return []
  const hyphenated =
    name.root === 'services' ? members.find((member) => member.startsWith(`${name.member}-`)) : undefined
  if (hyphenated)
    return [
      wrong(at, 'hyphen', `with a dot, "services.${hyphenated}" is a subtraction`, `write services['${hyphenated}']`),
    ]
  const there = members.length === 0 ? 'there are none' : didYouMean(name.member, members)
  return [wrong(at, 'unknown-name', `there is no ${singular(name.root)} "${name.member}"; ${there}`)]
}

function singular(root: string): string {
  return { matrix: 'axis', target: 'member of target', run: 'member of run' }[root] ?? root.replace(/s$/, '')
}

function caught(work: () => ValueError | undefined): ValueError | undefined {
  try {
    return work()
  } catch (error) {
    // What is no expression at all is told by the check of the text.
    return error instanceof ValueError ? undefined : undefined
  }
}
