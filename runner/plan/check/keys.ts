import { checkExpect } from '../../condition.ts'
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import type { Case } from '../../contracts/plan.ts'
import { placeAt, placeOfKey } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import type { Standing } from '../standing.ts'
import { plainOnly } from './declared.ts'

/** Common keys that a kind can't use: a slip wherever it runs. */
export function checkKeys(_kase: Omit<Case, 'id'>, kinds: Kinds, steps: readonly Standing[]): Finding[] {
  return steps.flatMap((step) => [
    ...undoKeys(step, kinds),
    ...readingKeys(step),
    ...checkOutputs(step),
    ...plainOnly(step.common.id, placeAt(step.place, 'id'), 'id'),
  ])
}

function undoKeys({ kind, known, common, place }: Standing, kinds: Kinds): Finding[] {
  if (known?.undoable) return []
  const able = [...kinds.steps.values()].flatMap(({ name, undoable }) => (undoable ? [name] : []))
  return (['undo', 'verify'] as const).flatMap((key) => {
    if (common[key] === undefined) return []
    const hint = `it is for ${able.join(', ')}`
    return [wrong(placeOfKey(place, key), 'not-undoable', `"${key}" can't stand beside ${kind}`, hint)]
  })
}

function readingKeys({ kind, known, common, place }: Standing): Finding[] {
  if (known?.reading !== undefined) return []
  return (['expect', 'capture'] as const).flatMap((key) => {
    if (common[key] === undefined) return []
    return [wrong(placeOfKey(place, key), 'no-reading', `${kind} reads nothing, so "${key}" can't stand beside it`)]
  })
}

/** What is expected of a fragment is one of its outputs, or a path into them. */
function checkOutputs({ fragment, common, place }: Standing): Finding[] {
  if (!fragment || common.expect === undefined) return []
  const names = [...Object.keys(fragment.outputs), 'json']
  const fields = Object.fromEntries(names.map((name) => [name, { description: 'an output', type: 'any' } as const]))
  return checkExpect(common.expect, placeAt(place, 'expect'), { fields })
}
