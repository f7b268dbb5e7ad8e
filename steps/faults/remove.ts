import { defineFault } from '../../runner/contracts/fault.ts'
import { oneOf, services } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Takes a service away altogether. */
export const remove = defineFault({
  name: 'remove',
  summary: 'Takes a service away altogether; it is made again from what it was, under its name and address.',
  params: services('the service, or a list of them'),
  options: {
    volumes: oneOf(
      ['keep'] as const,
      'allows it for a service with volumes that have no name: the same ones come back',
    ),
  },
  examples: [{ remove: 'node' }, { remove: 'database', volumes: 'keep' }],
  describe: (params) =>
    namesOf(params).map((name) => ({ does: `removes ${name}`, undo: `${name} is made again`, endsBy: 'undo' })),
  services: namesOf,
  prepare: (params, { volumes }, context) =>
    changesBy(params, 'remove', context, (verbs) => verbs.remove?.({ volumes })),
  preflight: (params, context) => lacksVerb(params, 'remove', context),
})
