import { signalName, signals } from '../../runner/base/signals.ts'
import { defineFault } from '../../runner/contracts/fault.ts'
import { oneOf, services } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'

/** Kills a service with a signal. */
export const kill = defineFault({
  name: 'kill',
  summary: 'Kills a service with a signal (default KILL).',
  params: services('the service, or a list of them'),
  options: { signal: oneOf(signals, 'the signal, with or without SIG') },
  examples: [{ kill: 'node' }, { kill: 'node', signal: 'TERM' }],
  describe: (params, { signal }) =>
    namesOf(params).map((name) => ({
      does: `sends ${signalName(signal ?? 'KILL')} to ${name}`,
      undo: `${name} is started again`,
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { signal }, context) =>
    changesBy(params, 'kill', context, (verbs) => verbs.kill?.(signalName(signal ?? 'KILL'))),
  preflight: (params, context) => lacksVerb(params, 'kill', context),
})
