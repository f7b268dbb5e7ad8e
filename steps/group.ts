import { steps } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Steps under one name. */
export const group = defineStep({
  name: 'group',
  summary: 'Steps under one name, `if` or `for-each`: one after another.',
  effect: 'none',
  params: steps('the steps'),
  examples: [[{ run: 'true' }, { run: 'true' }]],
  run: async (params, context) => {
    await context.run(params)
    return undefined
  },
})
