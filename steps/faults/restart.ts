import { defineFault } from '../../runner/contracts/fault.ts'
import { services } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Stops a service and starts it again: done when applied. */
export const restart = defineFault({
  name: 'restart',
  summary: 'Stops a service and starts it again: done when applied.',
  params: services('the service, or a list of them'),
  options: {},
  examples: [{ restart: 'node' }],
  describe: (params) =>
    namesOf(params).map((name) => ({
      does: `restarts ${name}`,
      undo: `${name} needs nothing: it runs again`,
      endsBy: 'itself',
    })),
  services: namesOf,
  prepare: (params, _options, context) => changesBy(params, 'restart', context, (verbs) => verbs.restart?.()),
  preflight: (params, context) => lacksVerb(params, 'restart', context),
})
