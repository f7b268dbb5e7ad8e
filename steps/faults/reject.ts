import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'

/** Refuses connections to a service, as if nobody listened. */
export const reject = defineFault({
  name: 'reject',
  summary: 'Refuses connections to a service with a reset, as if nobody listened; open ones are cut, too.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      minItems: 1,
      description: 'only on these of its ports',
    }),
  },
  examples: [{ reject: 'node' }, { reject: 'node', ports: [8080] }],
  describe: (params, { ports }) =>
    namesOf(params).map((name) =>
      networkAccount(`refuses connections to ${name}${ports ? ` on ${ports.join(', ')}` : ''}`),
    ),
  services: namesOf,
  prepare: (params, { ports = [] }, context) => shaped(namesOf(params), () => ({ is: 'reject', ports }), context),
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'reject', ports: [] }, context),
})
