import { setSpelled, spelledAt, unspelled } from '../runner/base/spelling.ts'
import { optional, planPath, shortOr, Type } from '../runner/contracts/params.ts'
import { type Context, defineStep, type Fragment } from '../runner/contracts/step.ts'

interface Params {
  readonly fragment: string
  readonly with?: Readonly<Record<string, unknown>>
}
const detailed = (params: unknown): Params => (typeof params === 'string' ? { fragment: params } : (params as Params))

/** Runs the steps of a fragment. */
export const use = defineStep({
  name: 'use',
  summary: 'Runs a fragment: a shared list of steps in a file of its own.',
  effect: 'none',
  params: shortOr(
    { type: 'string', 'x-is': 'plan-path' },
    {
      fragment: planPath('the file of the fragment, relative to this one'),
      with: optional(
        Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description: 'its inputs' }),
      ),
    },
    { description: 'a path, or a path with inputs' },
  ),
  reading: {},
  examples: [{ fragment: './fragments/healthy.yaml', with: { service: 'node' } }],
  includes: (params) => ({ path: detailed(params).fragment, at: typeof params === 'string' ? [] : ['fragment'] }),
  run: async (params, context) => {
    const { fragment: path, with: given = {} } = detailed(params)
    const fragment = context.fragment(path)
    const inputs = inputsOf(fragment.inputs, given)
    const end = await context.run(fragment.steps, { only: true, names: { inputs } })
    return readingOf(context, fragment.outputs, { ...end.captures, inputs })
  },
})

/** Missing and unknown inputs were found at load. Each keeps its spelling, and one that is declared as text is text. */
function inputsOf(declared: Fragment['inputs'], given: Readonly<Record<string, unknown>>) {
  const inputs: Record<string, unknown> = {}
  for (const [name, input] of Object.entries(declared)) {
    const value =
      given[name] === undefined || given[name] === null ? spelledAt(input, 'default') : spelledAt(given, name)
    setSpelled(inputs, name, input.type === 'text' && isScalar(unspelled(value)) ? String(value) : (value ?? null))
  }
  return inputs
}

function isScalar(value: unknown): boolean {
  return ['number', 'bigint', 'boolean'].includes(typeof value)
}

/** A fragment gives back only its outputs. */
function readingOf(
  context: Context,
  outputs: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, unknown>>,
) {
  const fields = context.evaluate(outputs, names) as Record<string, unknown>
  return { fields, document: fields, says: Object.keys(fields).join(', ') }
}
