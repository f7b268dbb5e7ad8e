import { defineFault } from '../../runner/contracts/fault.ts'
import { services, Type } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'
import { required } from '../shared/required.ts'

type Values = Readonly<Record<string, string | null>>

/** Another environment: a service is made again with it. */
export const env = defineFault({
  name: 'env',
  summary: 'Makes a service again with other environment variables; null takes one away.',
  params: services('the service, or a list of them'),
  options: {
    set: Type.Unsafe<Values>({
      type: 'object',
      minProperties: 1,
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'], 'x-is': 'text' },
      description: 'name → value, or null',
    }),
  },
  required: ['set'],
  examples: [{ env: 'gateway', set: { NODE_URL: 'http://nowhere.invalid', PROXY: null } }],
  describe: (params, { set = {} }) =>
    namesOf(params).map((name) => ({
      does: `makes ${name} again with another ${Object.keys(set).join(', ')}`,
      undo: `${name} is made again as it was`,
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { set }, context) =>
    changesBy(params, 'environment', context, (verbs) => verbs.environment?.(required(set, 'set'))),
  preflight: (params, context) => lacksVerb(params, 'environment', context),
})
