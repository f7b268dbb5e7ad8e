import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'
import { required } from '../shared/required.ts'

/** Loses a share of all packets of a service, in both directions. */
export const loss = defineFault({
  name: 'loss',
  summary:
    'Loses so many percent of all packets of a service, in both directions; of `host`: of the machine itself, but for sessions over SSH.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: { percent: Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'how many percent are lost' }) },
  required: ['percent'],
  examples: [
    { loss: 'node', percent: 30 },
    { loss: 'host', percent: 10 },
  ],
  describe: (params, { percent }) =>
    namesOf(params).map((name) => networkAccount(`loses ${percent} % of the packets of ${name}`)),
  services: namesOf,
  prepare: (params, { percent }, context) => {
    const share = required(percent, 'percent')
    return shaped(namesOf(params), () => ({ is: 'loss', percent: share }), context)
  },
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'loss', percent: 50 }, context),
})
