import { withCondition } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Checks a condition once. */
export const assert = defineStep({
  name: 'assert',
  summary: 'Checks a condition once; a failure is collected, and the case goes on.',
  effect: 'reads',
  failure: 'collect',
  params: withCondition({}),
  reading: 'condition',
  examples: [
    { run: './status', exit: 0 },
    {
      all: [
        { service: 'node', state: 'running' },
        { service: 'gateway', state: 'healthy' },
      ],
    },
  ],
  run: (params, context) => context.assert(context.condition(params)),
})
