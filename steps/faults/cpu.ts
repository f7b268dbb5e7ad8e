import { CheckFailure } from '../../runner/contracts/errors.ts'
import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'
import { required } from '../shared/required.ts'

/** Leaves a service less processor time. */
export const cpu = defineFault({
  name: 'cpu',
  summary:
    'Leaves a service only so much processor time: a number of cores, or a share of one; with `host` all that runs on the machine.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    to: Type.Unsafe<number | string>({
      type: ['number', 'string'],
      exclusiveMinimum: 0,
      pattern: '^\\d+(\\.\\d+)?\\s?%$',
      description: 'cores such as 0.1, or "10%" of one',
    }),
  },
  required: ['to'],
  examples: [
    { cpu: 'node', to: 0.1 },
    { cpu: 'node', to: '10%' },
    { cpu: 'host', to: 0.5 },
  ],
  describe: (params, { to }) =>
    namesOf(params).map((name) => ({
      does: `leaves ${name} ${typeof to === 'number' ? `${to} cores` : `${to} of a core`}`,
      undo: 'its limit is as it was',
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { to }, context) => {
    const cores = coresOf(required(to, 'to'))
    return changesBy(params, 'cpu', context, (verbs) => verbs.cpu?.(cores))
  },
  preflight: (params, context) => lacksVerb(params, 'cpu', context),
})

/** Docker takes no less than a hundredth of a core. */
function coresOf(to: number | string): number {
  const share = /^(\d+(?:\.\d+)?)\s?%$/.exec(String(to))?.[1]
  const cores = share === undefined ? Number(to) : Number(share) / 100
  if (cores >= 0.01) return cores
  throw new CheckFailure(`${to} is no share of a processor that anything could run on`, {
    hint: 'write cores such as 0.1, or "10%"; 0.01 is the least',
  })
}
