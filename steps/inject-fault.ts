import { duration, flag, optional, withFault } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Breaks one thing, verifies that it really broke, and journals the undo first. */
export const injectFault = defineStep({
  name: 'inject-fault',
  summary: 'Breaks one thing, verifies that it really broke, and journals the undo first.',
  effect: 'breaks',
  params: withFault({
    for: optional(duration('ends the fault after this time, without blocking the plan')),
    overlap: optional(flag('a second fault on the same service is meant')),
  }),
  timeout: '60s',
  examples: [{ stop: 'node' }, { pause: 'node', for: '30s' }],
  run: async (params, context) => {
    const changes = await context.fault(params)
    const evidence = await context.change(changes, { for: params.for, overlap: params.overlap })
    return { fields: {}, says: evidence.join('; ') }
  },
})
