import { withCondition } from '../runner/contracts/params.ts'
import { placeAt } from '../runner/contracts/source.ts'
import { defineStep } from '../runner/contracts/step.ts'

/** Checks a JSON document once. */
export const assertJsonpath = defineStep({
  name: 'assert-jsonpath',
  summary: 'Checks a JSON document by JSONPath (RFC 9535), once; a failure is collected.',
  effect: 'reads',
  failure: 'collect',
  params: withCondition({}),
  reading: 'condition',
  examples: [{ http: 'http://gateway/api/state', expect: { '$.node': 'up', '$.workers.admitted': { gte: 1 } } }],
  check: function* (params, { place, finding }) {
    const { expect = {}, all, any, none } = (params ?? {}) as Record<string, object>
    const paths = Object.keys(expect).some((key) => key.startsWith('$'))
    if (!paths && !all && !any && !none)
      yield finding(
        placeAt(place),
        'no-path',
        'assert-jsonpath expects nothing by JSONPath',
        'write `expect: { $.path: value }`, or use `assert`',
      )
  },
  run: (params, context) => context.assert(context.condition(params)),
})
