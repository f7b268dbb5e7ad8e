import type { Command } from '../../runner/contracts/command.ts'
import { says } from '../../runner/contracts/command.ts'
import { CheckFailure } from '../../runner/contracts/errors.ts'
import { defineFault, type FaultContext } from '../../runner/contracts/fault.ts'
import { writtenBy } from '../../runner/contracts/output.ts'
import { command, service } from '../../runner/contracts/params.ts'
import type { Change, Effective } from '../../runner/contracts/undo.ts'
import { required } from '../shared/required.ts'

const LIMIT = 60_000
const VERIFY_LIMIT = 10_000

/** A fault of the plan's own: a command that breaks something, and how to undo it. */
export const run = defineFault({
  name: 'run',
  summary: 'Breaks something by a command, with its own `undo` and `verify`.',
  params: command('the command that breaks it'),
  options: {
    undo: command('the command that puts it back; must be harmless when done twice'),
    verify: command('succeeds while the normal state holds, and fails while the fault is in'),
    in: service('run all of them inside this service'),
  },
  required: ['undo'],
  examples: [{ run: 'chmod 000 data', undo: 'chmod 755 data', verify: 'test -r data' }],
  describe: (params, options) => [
    {
      does: worded(params),
      undo: options.undo === undefined ? 'none: `undo` is missing' : worded(options.undo),
      endsBy: 'undo',
    },
  ],
  services: () => [],
  prepare: async (params, { undo, verify, in: inside }, context) => {
    if (verify !== undefined) await demandNormal(verify, inside, context)
    return [await changeOf(params, required(undo, 'undo'), verify, inside, context)]
  },
})

async function changeOf(
  what: Command,
  undo: Command,
  verify: Command | undefined,
  inside: string | undefined,
  { target }: FaultContext,
): Promise<Change> {
  const touches = inside === undefined ? [{ target: true as const }] : [{ service: inside }]
  return {
    does: says(what),
    touches,
    undo: {
      of: 'fault',
      title: `undone by ${says(undo)}`,
      touches,
      settles: 10_000,
      ends: { by: 'undo' },
      ...(await target.commandUndo(undo, verify, { in: inside })),
    },
    apply: async () => {
      const exit = await target.exec(what, { in: inside, timeout: LIMIT })
      if (exit.code !== 0)
        throw new CheckFailure(`the fault could not be made: exit ${exit.code}`, { outputs: [writtenBy(what, exit)] })
    },
    ...(verify === undefined ? {} : { inEffect: () => broken(verify, inside, target), within: 2_000 }),
  }
}

/** `verify` is one script for both directions, so it must succeed before. */
async function demandNormal(verify: Command, inside: string | undefined, { target }: FaultContext): Promise<void> {
  const exit = await target.exec(verify, { in: inside, timeout: VERIFY_LIMIT })
  if (exit.code !== 0)
    throw new CheckFailure(`\`verify\` fails before the fault (exit ${exit.code}): the normal state does not hold`, {
      outputs: [writtenBy(verify, exit)],
    })
}

async function broken(verify: Command, inside: string | undefined, target: FaultContext['target']): Promise<Effective> {
  const exit = await target.exec(verify, { in: inside, timeout: VERIFY_LIMIT })
  return exit.code === 0
    ? { yes: false, why: '`verify` still succeeds' }
    : { yes: true, evidence: `\`verify\` exits with ${exit.code}` }
}

function worded(raw: unknown): string {
  if (typeof raw === 'string') return raw
  if (Array.isArray(raw)) return raw.map(String).join(' ')
  return says(raw as Command)
}
