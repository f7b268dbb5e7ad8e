import { condition, duration, optional, withCondition } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Waits until a condition holds. */
export const waitFor = defineStep({
  name: 'wait-for',
  summary: 'Waits until a condition holds, within a deadline.',
  effect: 'reads',
  params: withCondition({
    within: optional(duration('how long until it must be true (default 30s)')),
    hold: optional(duration('how long it must then stay true; comes on top of `within`')),
    every: optional(duration('how often it is read when nothing tells of a change (default 100ms, slowing to 1s)')),
    'fail-if': optional(condition('gives up as soon as this holds')),
  }),
  reading: 'condition',
  examples: [{ service: 'gateway', state: 'healthy', within: '30s' }],
  run: (params, context) =>
    context.wait(context.condition(params), {
      within: params.within,
      hold: params.hold,
      every: params.every,
      failIf: params['fail-if'] === undefined ? undefined : context.condition(params['fail-if']),
    }),
})
