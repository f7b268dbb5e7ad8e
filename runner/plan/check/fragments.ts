import { exactJson } from '../../base/exact-json.ts'
import { spelledEntries } from '../../base/spelling.ts'
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case, Input } from '../../contracts/plan.ts'
import { placeAt, placeOfKey } from '../../contracts/source.ts'
import type { Fragment } from '../../contracts/step.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { inputProblem } from '../inputs.ts'
import { wrong } from '../schema-errors.ts'
import type { Standing } from '../standing.ts'

/** Inputs of a fragment that are missing, of another type, or that it does not have. */
export function checkFragments(_kase: Omit<Case, 'id'>, _kinds: Kinds, steps: readonly Standing[]): Finding[] {
  return steps.flatMap((step) => (step.fragment ? checkUse(step, step.fragment, nameOf(step)) : []))
}

const nameOf = ({ known, params }: Standing) => known?.includes?.(params)?.path ?? ''

function checkUse({ kind, params, place }: Standing, fragment: Fragment, path: string): Finding[] {
  const { with: given = {} } = (typeof params === 'object' && params !== null ? params : {}) as {
    with?: Readonly<Record<string, unknown>>
  }
  const missing = Object.entries(fragment.inputs).filter(
    ([name, input]) => !Object.hasOwn(given, name) && input.default === undefined && input.required !== false,
  )
  return [
    ...missing.map(([name]) =>
      wrong(placeAt(place, kind), 'missing-input', `${path} needs the input "${name}"`, `write with: { ${name}: … }`),
    ),
    ...spelledEntries(given).flatMap(([name, value]) => {
      const input = fragment.inputs[name]
      if (input === undefined) {
        const there = Object.keys(fragment.inputs)
        const hint = there.length === 0 ? 'it has none' : didYouMean(name, there)
        return [
          wrong(placeOfKey(place, kind, 'with', name), 'unknown-input', `${path} has no input "${name}"; ${hint}`),
        ]
      }
      const bad = isComputed(value) ? undefined : inputProblem(name, value, input as Input)
      return bad ? [wrong(placeAt(place, kind, 'with', name), bad.code, bad.message, bad.hint)] : []
    }),
  ]
}

function isComputed(value: unknown): boolean {
  return exactJson(value).includes('${{')
}
