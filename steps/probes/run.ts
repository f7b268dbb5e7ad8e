import { says } from '../../runner/contracts/command.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'
import { formatDuration } from '../../runner/contracts/units.ts'
import { askedCommand } from '../shared/asked.ts'
import { detailed, type RunParams, runFields, runOnce, runParams } from '../shared/run-command.ts'
import { timeLimit } from '../shared/time-limit.ts'

/** Runs a command and reads how it ended. */
export const run = defineProbe({
  name: 'run',
  summary: 'Runs a command on the target, or inside a service, and reads how it ended.',
  params: runParams,
  fields: runFields,
  expects: { exit: 0 },
  examples: [
    { run: './status', exit: 0 },
    { run: { in: 'gateway', command: ['cat', 'config.json'] }, expect: { '$.workers': 3 } },
  ],
  effect: (params) => (params as { effect?: 'reads' | 'changes' }).effect ?? 'reads',
  services: (params) => inside(params),
  subject: (params) =>
    typeof params === 'object' && params !== null ? says(detailed(params as RunParams).command) : String(params),
  asked: (params) => askedCommand(params as RunParams),
  read: async (params, context) => {
    const { timeout } = detailed(params as RunParams)
    const limit = timeLimit(timeout, context)
    const reading = await runOnce(params as RunParams, context.target, limit)
    if (!('late' in reading)) return reading
    return { untaken: `the command did not end within ${formatDuration(limit)}, so it was ended`, output: reading.late }
  },
})

function inside(params: unknown): readonly string[] {
  const name = typeof params === 'object' && params !== null && 'in' in params ? params.in : undefined
  return typeof name === 'string' ? [name] : []
}
