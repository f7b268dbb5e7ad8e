/** Names that a plan declares: well-formed, and what they hold plain where nothing is filled in. */
import type { Finding } from '../../contracts/errors.ts'
import type { Plan } from '../../contracts/plan.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../../contracts/source.ts'
import { RESERVED, TYPES } from '../cel/names.ts'
import { axesOf } from '../matrix.ts'
import { wrong } from '../schema-errors.ts'
import { ROOTS, ROUND_NAMES } from './scope.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export function checkDeclared(plan: Plan): Finding[] {
  const names = { inputs: plan.inputs, variables: plan.variables, secrets: plan.secrets }
  return [
    ...Object.entries(names).flatMap(([root, members]) =>
      Object.keys(members).flatMap((name) => checkSpelling(name, placeOfKey(plan.place, root, name))),
    ),
    ...axesOf(plan).flatMap((name) => checkSpelling(name, placeOfKey(plan.place, 'matrix', name))),
    ...plainParts(plan),
  ]
}

/** A name that stands bare in expressions. */
export function checkNewName(name: string, place: Place): Finding[] {
  if (!TYPES.has(name)) return checkSpelling(name, place)
  return [wrong(place, 'reserved-name', `"${name}" is a word of expressions itself`, 'use another name')]
}

function checkSpelling(name: string, place: Place): Finding[] {
  if (([...ROOTS, ...ROUND_NAMES] as readonly string[]).includes(name))
    return [wrong(place, 'shadowed', `"${name}" is taken: it has a meaning in every expression`, 'use another name')]
  if (RESERVED.has(name))
    return [wrong(place, 'reserved-name', `"${name}" is a word of expressions itself`, 'use another name')]
  if (NAME.test(name)) return []
  return [wrong(place, 'bad-name', `"${name}" can't be a name in expressions`, 'use letters, digits and _')]
}

/** Where nothing is filled in: before there are values, or where a change from run to run would be a trap. */
const PLAIN = ['plan', 'tags', 'covers', 'inputs', 'secrets', 'matrix', 'lock', 'timeout'] as const

function plainParts({ document, place }: Plan): Finding[] {
  const tree = document.tree as Readonly<Record<string, unknown>>
  return PLAIN.flatMap((key) => plainOnly(tree[key], placeAt(place, key), key))
}

/** No expressions: `where` says in what. */
export function plainOnly(value: unknown, place: Place, where: string): Finding[] {
  if (typeof value === 'object' && value !== null) {
    const at = placeOf(value) ?? place
    return Object.entries(value).flatMap(([key, item]) =>
      plainOnly(item, placeAt(at, Array.isArray(value) ? Number(key) : key), where),
    )
  }
  if (typeof value !== 'string' || !/(^|[^$])\$\{\{/.test(value)) return []
  // `where` of an axis is CEL.
  if (where === 'matrix' && place.path.at(-1) === 'where') return []
  return [wrong(place, 'no-expression', `nothing is filled in here: \`${where}\` takes no expressions`, 'write it out')]
}
