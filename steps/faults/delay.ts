import { defineFault } from '../../runner/contracts/fault.ts'
import { duration, subjects } from '../../runner/contracts/params.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'
import { required } from '../shared/required.ts'

/** Makes packets of a service late. */
export const delay = defineFault({
  name: 'delay',
  summary:
    'Makes the packets of a service late: by netem, or by a TCP proxy where the kernel has none; the report says which.',
  params: subjects('the service, or a list of them'),
  options: { by: duration('how late'), jitter: duration('give or take this much') },
  required: ['by'],
  examples: [{ delay: 'node', by: '200ms', jitter: '50ms' }],
  describe: (params, { by, jitter }) =>
    namesOf(params).map((name) =>
      networkAccount(`delays the packets of ${name} by ${by}${jitter ? ` ± ${jitter}` : ''}`),
    ),
  services: namesOf,
  prepare: (params, { by, jitter = '0ms' }, context) => {
    const late = context.measure(required(by, 'by'))
    return shaped(namesOf(params), () => ({ is: 'delay', by: late, jitter: context.measure(jitter) }), context)
  },
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'delay', by: 1, jitter: 0 }, context),
})
