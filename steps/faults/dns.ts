import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'

/** A service can't look names up. */
export const dns = defineFault({
  name: 'dns',
  summary: 'A service can’t look these names up, or none at all; what is connected stays connected.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: { names: Type.Array(Type.String(), { minItems: 1, description: 'only these names' }) },
  examples: [{ dns: 'gateway' }, { dns: 'gateway', names: ['node'] }],
  describe: (params, { names }) =>
    namesOf(params).map((name) => networkAccount(`${name} can't look up ${names ? names.join(', ') : 'any name'}`)),
  services: namesOf,
  prepare: (params, { names = [] }, context) => shaped(namesOf(params), () => ({ is: 'dns', names }), context),
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'dns', names: [] }, context),
})
