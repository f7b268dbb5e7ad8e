import { Type } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Puts back what a step or a fault has changed, verified. */
export const restore = defineStep({
  name: 'restore',
  summary: 'Puts back the faults on a service, what a step with an id changed, or `all`; verified.',
  effect: 'changes',
  params: Type.Unsafe<string | string[]>({
    type: ['string', 'array'],
    items: { type: 'string' },
    minItems: 1,
    description: 'a service with a fault still in, the id of a step, or all',
  }),
  examples: ['node', 'all'],
  restores: (params) => (Array.isArray(params) ? params.map(String) : [String(params)]),
  run: async (params, context) => {
    const said = await context.restore(params)
    return { fields: {}, says: said.join('; ') }
  },
})
