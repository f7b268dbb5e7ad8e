import { pause } from '../runner/base/timer.ts'
import { duration } from '../runner/contracts/params.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** A fixed pause. */
export const sleep = defineStep({
  name: 'sleep',
  summary: 'Waits a fixed time. Usually a `wait-for` or a `hold` says better what is meant.',
  effect: 'reads',
  params: duration('how long'),
  examples: ['500ms'],
  check: function* (_params, { place, finding }) {
    yield {
      ...finding(
        place,
        'sleep',
        'a fixed pause is too short on a slow day and too long on a fast one',
        'is a `wait-for` (until) or a `hold` (stays) meant?',
      ),
      level: 'warning' as const,
    }
  },
  run: async (params, { measure, signal }) => {
    await pause(measure(params), signal)
    signal.throwIfAborted()
    return undefined
  },
})
