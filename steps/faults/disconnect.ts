import { defineFault } from '../../runner/contracts/fault.ts'
import { services, text } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Takes a service off its networks: it runs, and nobody reaches it. */
export const disconnect = defineFault({
  name: 'disconnect',
  summary: 'Takes a service off its networks, or off one: it runs, and nobody reaches it.',
  params: services('the service, or a list of them'),
  options: { network: text('only off this network, as the compose file names it') },
  examples: [{ disconnect: 'node' }, { disconnect: 'node', network: 'backend' }],
  describe: (params, { network }) =>
    namesOf(params).map((name) => ({
      does: `takes ${name} off ${network ?? 'its networks'}`,
      undo: `${name} is put back, with its aliases and address`,
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { network }, context) =>
    changesBy(params, 'disconnect', context, (verbs) => verbs.disconnect?.(network)),
  preflight: (params, context) => lacksVerb(params, 'disconnect', context),
})
