import { CheckFailure } from '../../runner/contracts/errors.ts'
import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { placeAt } from '../../runner/contracts/source.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'
import { required } from '../shared/required.ts'

/** Loses a share of all packets of a service, in both directions. */
export const loss = defineFault({
  name: 'loss',
  summary:
    'Loses so many percent of all packets of a service, in both directions; of `host`: of the machine itself, but for sessions over SSH.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    percent: Type.Unsafe<number | string>({
      type: ['number', 'string'],
      exclusiveMinimum: 0,
      maximum: 100,
      pattern: '^\\d+(\\.\\d+)?\\s?%?$',
      description: 'how many percent are lost: 30 or 30%',
    }),
  },
  required: ['percent'],
  examples: [
    { loss: 'node', percent: 30 },
    { loss: 'host', percent: 10 },
  ],
  describe: (params, { percent }) =>
    namesOf(params).map((name) =>
      networkAccount(`loses ${String(percent).replace(/\s*%$/, '')} % of the packets of ${name}`),
    ),
  services: namesOf,
  check: function* (_params, { percent }, { place, finding }) {
    if (typeof percent !== 'string' || percent.includes('${{') || inRange(shareOf(percent))) return
    yield finding(placeAt(place, 'percent'), 'out-of-range', `${percent} is not above 0 and at most 100`)
  },
  prepare: (params, { percent }, context) => {
    const share = shareOf(required(percent, 'percent'))
    if (!inRange(share)) throw new CheckFailure(`percent is ${share}, and has to be above 0 and at most 100`)
    return shaped(namesOf(params), () => ({ is: 'loss', percent: share }), context)
  },
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'loss', percent: 50 }, context),
})

/** `30%` is 30. */
function shareOf(percent: number | string): number {
  return Number.parseFloat(String(percent))
}

function inRange(share: number): boolean {
  return share > 0 && share <= 100
}
