import { brief } from '../../runner/base/brief.ts'
import { exactJson } from '../../runner/base/exact-json.ts'
import { Type } from '../../runner/contracts/params.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'

/** Anything already captured or computed. */
export const value = defineProbe({
  name: 'value',
  summary: 'Checks something already captured or computed.',
  params: Type.Unsafe<unknown>({
    'x-is': 'expression',
    description: 'the value: an expression with or without ${{ }}',
  }),
  fields: {
    is: { description: 'the value', type: 'any', called: 'the value' },
    json: { description: 'the value, too; `$` paths look into it', type: 'any' },
  },
  bare: { is: true },
  examples: [{ value: '${{ nonce }}', is: { gte: 1 } }, { value: "${{ target.variables.mode == 'local' }}" }],
  subject: () => 'value',
  read: async (params) => ({
    fields: { is: params, json: params },
    document: params,
    says: brief(exactJson(params)),
  }),
})
