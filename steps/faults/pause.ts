import { defineFault } from '../../runner/contracts/fault.ts'
import { services } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Freezes a service: the process is there and answers nothing. */
export const pause = defineFault({
  name: 'pause',
  summary: 'Freezes a service: the process is there and answers nothing.',
  params: services('the service, or a list of them'),
  options: {},
  examples: [{ pause: 'node' }],
  describe: (params) =>
    namesOf(params).map((name) => ({ does: `freezes ${name}`, undo: `${name} goes on`, endsBy: 'undo' })),
  services: namesOf,
  prepare: (params, _options, context) => changesBy(params, 'pause', context, (verbs) => verbs.pause?.()),
  preflight: (params, context) => lacksVerb(params, 'pause', context),
})
