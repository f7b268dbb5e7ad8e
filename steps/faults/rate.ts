import { CheckFailure } from '../../runner/contracts/errors.ts'
import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { parseRate } from '../../runner/contracts/units.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'
import { required } from '../shared/required.ts'

/** Lets a service send no more than so much. */
export const rate = defineFault({
  name: 'rate',
  summary: 'Lets a service send no more than so many bytes a second; what is beyond that is lost.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    to: Type.String({ pattern: '^\\d+(\\.\\d+)?\\s?[KMGT]?i?B/(s|m|h|d)$', description: 'a rate such as 100KB/s' }),
  },
  required: ['to'],
  examples: [{ rate: 'node', to: '100KB/s' }],
  describe: (params, { to }) => namesOf(params).map((name) => networkAccount(`lets ${name} send no more than ${to}`)),
  services: namesOf,
  prepare: (params, { to }, context) => {
    const bytes = bytesOf(required(to, 'to'))
    return shaped(namesOf(params), () => ({ is: 'rate', bytes }), context)
  },
  preflight: (params, context) => lacksNetwork(namesOf(params), { is: 'rate', bytes: 1_000 }, context),
})

function bytesOf(text: string): number {
  const bytes = Math.round(parseRate(text) ?? 0)
  if (bytes >= 1) return bytes
  throw new CheckFailure(`"${text}" is no rate that anything could be sent at`, { hint: 'write one such as 100KB/s' })
}
