import type { Finding } from '../../contracts/errors.ts'
import type { Case } from '../../contracts/plan.ts'
import { type Place, placeAt } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { expressionsIn, namesUsed, ValueError } from '../values.ts'

interface Variable {
  readonly place: Place
  /** Other variables it is made of. */
  readonly uses: readonly string[]
}

/** Variables that are made of themselves, be they of the plan or of its target. */
export function checkCircles({ plan, target }: Omit<Case, 'id'>): Finding[] {
  const variables = new Map([
    ...variablesOf(target.variables, 'target.variables', placeAt(target.place, 'variables')),
    ...variablesOf(plan.targetVariables, 'target.variables', placeAt(plan.place, 'target', 'variables')),
    ...variablesOf(plan.variables, 'variables', placeAt(plan.place, 'variables')),
  ])
  return [...variables].flatMap(([name, { place }]) => {
    const way = wayBack(name, name, variables, [name])
    if (!way) return []
    return [wrong(place, 'circle', `${name} is made of itself: ${way.join(' → ')}`, 'one of them needs a value')]
  })
}

function variablesOf(values: Readonly<Record<string, unknown>>, root: string, place: Place): [string, Variable][] {
  return Object.entries(values).map(([name, value]) => [
    `${root}.${name}`,
    { place: placeAt(place, name), uses: usedIn(value) },
  ])
}

function usedIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(usedIn)
  if (typeof value !== 'string' || !value.includes('${{')) return []
  try {
    const names = expressionsIn(value).flatMap(({ source }) => namesUsed(source))
    return names.map(({ root, path }) => [root, ...path.slice(0, root === 'target' ? 2 : 1)].join('.'))
  } catch (error) {
    if (error instanceof ValueError) return []
    throw error
  }
}

function wayBack(
  goal: string,
  from: string,
  variables: ReadonlyMap<string, Variable>,
  way: readonly string[],
): readonly string[] | undefined {
  for (const next of variables.get(from)?.uses ?? []) {
    if (next === goal) return [...way, goal]
    const rest = way.includes(next) ? undefined : wayBack(goal, next, variables, [...way, next])
    if (rest) return rest
  }
  return undefined
}
