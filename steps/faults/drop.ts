import { defineFault } from '../../runner/contracts/fault.ts'
import { mapping, services } from '../../runner/contracts/params.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'

interface Way {
  readonly from?: string | string[]
  readonly to?: string | string[]
}

/** Drops packets one way: the others still come through. */
export const drop = defineFault({
  name: 'drop',
  summary: 'Drops packets one way, from one service to another; those of the other way still come through.',
  params: mapping({ from: services('who sends them'), to: services('whom they never reach') }),
  options: {},
  examples: [{ drop: { from: 'gateway', to: 'node' } }],
  describe: (params) => [networkAccount(`drops what ${said(params, 'from')} sends to ${said(params, 'to')}`)],
  services: (params) => [...namesOf((params as Way).from), ...namesOf((params as Way).to)],
  prepare: (params, _options, context) => {
    const { from, to } = params as Way
    return shaped(namesOf(from), () => ({ is: 'drop', peers: namesOf(to), direction: 'out' }), context)
  },
  preflight: (params, context) =>
    lacksNetwork(namesOf((params as Way).from), { is: 'drop', peers: [], direction: 'out' }, context),
})

function said(params: unknown, key: keyof Way): string {
  return namesOf((params as Way)[key]).join(', ')
}
