import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt, placeOfKey } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { wrong } from '../schema-errors.ts'
import { stepParts, stepsOfCase } from '../walk.ts'

/** Inputs of a fragment that are missing, or that it does not have. */
export function checkFragments(kase: Omit<Case, 'id'>, kinds: Kinds): Finding[] {
  return [...stepsOfCase(kase, kinds)].flatMap((step) => {
    const { kind, params, place } = stepParts(step, kinds)
    const include = kinds.steps.get(kind)?.includes?.(params)
    const fragment = include && kase.plan.fragments.get(include.path)
    if (!fragment) return []
    const given = (
      typeof params === 'object' && params !== null ? ((params as { with?: object }).with ?? {}) : {}
    ) as Record<string, unknown>
    const missing = Object.entries(fragment.inputs).filter(
      ([name, input]) => !(name in given) && input.default === undefined && input.required !== false,
    )
    const unknown = Object.keys(given).filter((name) => !(name in fragment.inputs))
    return [
      ...missing.map(([name]) =>
        wrong(
          placeAt(place, kind),
          'missing-input',
          `${include.path} needs the input "${name}"`,
          `write with: { ${name}: … }`,
        ),
      ),
      ...unknown.map((name) =>
        wrong(
          placeOfKey(place, kind, 'with', name),
          'unknown-input',
          `${include.path} has no input "${name}"; ${didYouMean(name, Object.keys(fragment.inputs))}`,
        ),
      ),
    ]
  })
}
