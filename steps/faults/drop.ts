import { defineFault } from '../../runner/contracts/fault.ts'
import { mapping, peers } from '../../runner/contracts/params.ts'
import { MACHINE } from '../../runner/contracts/target.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, misplaced, networkAccount, shaped, withoutAddresses } from '../shared/network.ts'

interface Way {
  readonly from?: string | string[]
  readonly to?: string | string[]
}

/** Drops packets one way: the others still come through. */
export const drop = defineFault({
  name: 'drop',
  summary: 'Drops packets one way, from one service to another; those of the other way still come through.',
  params: mapping({ from: peers('who sends them'), to: peers('whom they never reach') }),
  options: {},
  examples: [{ drop: { from: 'gateway', to: 'node' } }, { drop: { from: 'host', to: '10.0.0.0/8' } }],
  describe: (params) => [networkAccount(`drops what ${said(params, 'from')} sends to ${said(params, 'to')}`)],
  services: (params) => withoutAddresses([...namesOf((params as Way).from), ...namesOf((params as Way).to)]),
  check: (params, _options, { place, finding }) => misplaced(sidesOf(params as Way), place, finding),
  prepare: (params, _options, context) => {
    const { at, peers, direction } = ruledAt(params as Way)
    return shaped(at, () => ({ is: 'drop', peers, direction }), context)
  },
  preflight: (params, context) =>
    lacksNetwork(
      ruledAt(params as Way).at,
      { is: 'drop', peers: [], direction: ruledAt(params as Way).direction },
      context,
    ),
})

/** The machine has the rule, whichever side it is on: it alone knows addresses. */
function ruledAt(way: Way): { at: readonly string[]; peers: readonly string[]; direction: 'in' | 'out' } {
  const [from, to] = sidesOf(way)
  return to.includes(MACHINE) ? { at: to, peers: from, direction: 'in' } : { at: from, peers: to, direction: 'out' }
}

function sidesOf({ from, to }: Way): [readonly string[], readonly string[]] {
  return [namesOf(from), namesOf(to)]
}

function said(params: unknown, key: keyof Way): string {
  return namesOf((params as Way)[key]).join(', ')
}
