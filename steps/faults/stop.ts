import { defineFault } from '../../runner/contracts/fault.ts'
import { services } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Stops a service in an orderly way. */
export const stop = defineFault({
  name: 'stop',
  summary: 'Stops a service in an orderly way.',
  params: services('the service, or a list of them'),
  options: {},
  examples: [{ stop: 'node' }],
  describe: (params) =>
    namesOf(params).map((name) => ({ does: `stops ${name}`, undo: `${name} is started again`, endsBy: 'undo' })),
  services: namesOf,
  prepare: (params, _options, context) => changesBy(params, 'stop', context, (verbs) => verbs.stop?.()),
  preflight: (params, context) => lacksVerb(params, 'stop', context),
})
