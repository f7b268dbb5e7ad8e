import { duration, optional, withCondition } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Demands that a condition stays true. */
export const hold = defineStep({
  name: 'hold',
  summary: 'Demands that a condition stays true for a time.',
  effect: 'reads',
  params: withCondition({
    for: duration('how long it must stay true'),
    every: optional(duration('how often it is read (default 100ms, slowing to 1s)')),
  }),
  reading: 'condition',
  examples: [{ service: 'worker', state: 'exited', for: '8s' }],
  run: (params, context) => context.hold(context.condition(params), { for: params.for, every: params.every }),
})
