import { CheckFailure } from '../runner/contracts/errors.ts'
import { defineStep } from '../runner/contracts/step.ts'
import { askedCommand } from './shared/asked.ts'
import { detailed, type RunParams, runFields, runOnce, runParams } from './shared/run-command.ts'

/** Runs a command. */
export const run = defineStep({
  name: 'run',
  summary: 'Runs a command on the target, or inside a service.',
  effect: 'changes',
  undoable: true,
  params: runParams,
  reading: runFields,
  expects: { exit: 0 },
  timeout: '60s',
  examples: ['./backup.sh', ['docker', 'ps'], { in: 'gateway', command: ['cat', 'config.json'] }],
  asked: (params) => askedCommand(params as RunParams),
  run: async (params, context) => {
    const { timeout } = detailed(params as RunParams)
    const limit = timeout === undefined ? undefined : context.measure(timeout)
    const reading = await runOnce(params as RunParams, context.target, limit)
    if (!('late' in reading)) return reading
    throw new CheckFailure(`the command did not end within ${timeout}, so it was ended`, { outputs: [reading.late] })
  },
})
