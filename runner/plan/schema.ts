/** JSON Schemas (draft-07) for editors, generated from the kinds: completion, hover and diagnostics follow from the same values that validate. */
import { isDeepStrictEqual } from 'node:util'
import type { Kinds } from '../contracts/kinds.ts'
import { matcherSchema } from '../matchers.ts'
import { commonShape, fragmentShape, planShape, requirementShape, targetShape, targetsShape } from './shapes.ts'

type Schema = Record<string, unknown>

const DRAFT = 'http://json-schema.org/draft-07/schema#'
const EXPRESSION = '\\$\\{\\{'

/** For plans and fragments. */
export function planSchema(kinds: Kinds): Schema {
  return {
    $schema: DRAFT,
    title: 'Shakedown plan',
    if: { required: ['fragment'] },
    then: { $ref: '#/definitions/fragmentDocument' },
    else: { $ref: '#/definitions/planDocument' },
    definitions: {
      planDocument: withPlaces(forEditor(planShape)),
      fragmentDocument: forEditor(fragmentShape),
      step: stepSchema(kinds),
      condition: { type: 'object', ...conditionParts(kinds), additionalProperties: false },
      requirement: requirementSchema(kinds),
      matcher: forEditor(matcherSchema),
    },
  }
}

/** For targets.yaml. */
export function targetsSchema(kinds: Kinds): Schema {
  const own = [...kinds.runtimes.values()].map((kind) => propertiesOf(forEditor(kind.params))).reduce(united, {})
  const runtimes = {
    enum: [...kinds.runtimes.keys()],
    description: [...kinds.runtimes.values()].map(({ name, summary }) => `${name}: ${summary}`).join('\n'),
  }
  const target = forEditor(targetShape)
  const root = forEditor(targetsShape)
  return {
    $schema: DRAFT,
    title: 'Shakedown targets',
    ...root,
    properties: {
      ...propertiesOf(root),
      targets: {
        type: 'object',
        minProperties: 1,
        description: 'name → target',
        additionalProperties: { ...target, properties: { ...propertiesOf(target), ...own, runtime: runtimes } },
      },
    },
    definitions: {
      condition: { type: 'object', ...conditionParts(kinds), additionalProperties: false },
      matcher: forEditor(matcherSchema),
    },
  }
}

/** A key that several runtimes have allows what any of them does: which one it is, an editor can't tell. */
function united(one: Schema, other: Schema): Schema {
  const both = Object.keys(other).map((key) => [
    key,
    isSchema(one[key]) ? either(one[key], other[key] as Schema) : other[key],
  ])
  return { ...one, ...Object.fromEntries(both) }
}

/** Mappings are joined key by key, and demand nothing that only one of them does. */
function either(one: Schema, other: Schema): Schema {
  if (isDeepStrictEqual(one, other)) return one
  const inner = ['properties', 'additionalProperties'].find((key) => isSchema(one[key]) && isSchema(other[key]))
  if (inner === undefined) return { description: one['description'], anyOf: [one, other] }
  const joined = inner === 'properties' ? united : either
  const { required: _, ...rest } = one
  return { ...rest, [inner]: joined(one[inner] as Schema, other[inner] as Schema) }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every kind under `properties` and no `oneOf`: one mistake gives one diagnostic. That there is exactly one kind, lint tells. */
function stepSchema(kinds: Kinds): Schema {
  const steps = [...kinds.steps.values()].map((kind) => {
    const schema = slotted(forEditor(kind.params), kind.params, kinds)
    return [kind.name, described(schema, kind.summary, kind.examples, kind.name)]
  })
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...Object.fromEntries(steps), ...propertiesOf(forEditor(commonShape)) },
    defaultSnippets: [...kinds.steps.values()].map(({ name, summary, examples }) => ({
      label: name,
      description: summary,
      body: { [name]: examples[0] },
    })),
  }
}

function slotted(schema: Schema, raw: object, kinds: Kinds): Schema {
  const slot = (raw as { 'x-slot'?: string })['x-slot']
  if (slot === 'condition')
    return {
      ...schema,
      properties: { ...(conditionParts(kinds)['properties'] as object), ...propertiesOf(schema) },
      patternProperties: conditionParts(kinds)['patternProperties'],
    }
  if (slot === 'fault') return { ...schema, properties: { ...faultParts(kinds), ...propertiesOf(schema) } }
  return schema
}

/** Short forms of all probes stand beside each other here; which goes with which, lint tells. */
function conditionParts(kinds: Kinds): Schema {
  const list = { type: 'array', minItems: 1, items: { $ref: '#/definitions/condition' } }
  const probes = [...kinds.probes.values()]
  const fields = new Map<string, string[]>()
  for (const probe of probes)
    for (const [name, field] of Object.entries(probe.fields))
      fields.set(name, [...(fields.get(name) ?? []), `${probe.name}: ${field.description}`])
  return {
    properties: {
      ...Object.fromEntries(
        [...fields].map(([name, says]) => [name, { $ref: '#/definitions/matcher', description: says.join('\n') }]),
      ),
      ...Object.fromEntries(
        probes.map((probe) => [
          probe.name,
          described(forEditor(probe.params), probe.summary, probe.examples, probe.name),
        ]),
      ),
      expect: {
        type: 'object',
        minProperties: 1,
        description: 'field or $path → what is expected',
        additionalProperties: { $ref: '#/definitions/matcher' },
      },
      all: { ...list, description: 'all of these conditions' },
      any: { ...list, description: 'any of these conditions' },
      none: { ...list, description: 'none of these conditions' },
    },
    patternProperties: {
      '^(headers|header-lists|events|event-list|certificate|json)\\.': { $ref: '#/definitions/matcher' },
    },
  }
}

function requirementSchema(kinds: Kinds): Schema {
  const own = propertiesOf(forEditor(requirementShape))
  const condition = conditionParts(kinds)
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...(condition['properties'] as object), ...own },
    patternProperties: condition['patternProperties'],
  }
}

function faultParts(kinds: Kinds): Schema {
  const options = Object.assign(
    {},
    ...[...kinds.faults.values()].map((kind) => propertiesOf(forEditor({ type: 'object', properties: kind.options }))),
  )
  const faults = [...kinds.faults.values()].map((kind) => [
    kind.name,
    described(forEditor(kind.params), kind.summary, kind.examples, kind.name),
  ])
  return { ...options, ...Object.fromEntries(faults) }
}

function described(schema: Schema, summary: string, examples: readonly unknown[], name: string): Schema {
  const inner = examples.map((example) =>
    typeof example === 'object' && example !== null && name in example
      ? (example as Record<string, unknown>)[name]
      : example,
  )
  return {
    ...schema,
    description: summary,
    markdownDescription: `${summary}\n\n${schema['description'] ?? ''}`.trim(),
    examples: inner,
  }
}

/** Places of the plan that hold steps and conditions. */
function withPlaces(plan: Schema): Schema {
  const conditions = (of: string) => ({ type: 'array', items: { $ref: `#/definitions/${of}` } })
  const properties = propertiesOf(plan) as Record<string, Schema>
  return {
    ...plan,
    properties: {
      ...properties,
      requires: { ...properties['requires'], ...conditions('requirement') },
      baseline: { ...properties['baseline'], ...conditions('condition') },
    },
  }
}

function propertiesOf(schema: Schema): Schema {
  return (schema['properties'] ?? {}) as Schema
}

/** The kind's own schema, with expressions allowed wherever a value stands, and without our own words. */
function forEditor(schema: object): Schema {
  const { 'x-is': is, 'x-slot': _slot, 'x-words': _words, ...plain } = structuredClone(schema) as Schema
  const { description } = plain
  const said = description === undefined ? {} : { description }
  if (is === 'steps') return { ...said, type: 'array', minItems: 1, items: { $ref: '#/definitions/step' } }
  if (is === 'condition') return { ...said, $ref: '#/definitions/condition' }
  if (is === 'expectations')
    return { ...said, type: 'object', minProperties: 1, additionalProperties: { $ref: '#/definitions/matcher' } }
  const copy = Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, nested(key, value)]))
  return withExpressions(copy)
}

function nested(key: string, value: unknown): unknown {
  if (key === 'properties' || key === 'patternProperties')
    return Object.fromEntries(
      Object.entries(value as object).map(([name, inner]) => [name, forEditor(inner as object)]),
    )
  return (key === 'items' || key === 'additionalProperties') && typeof value === 'object' && value !== null
    ? forEditor(value)
    : value
}

function withExpressions(schema: Schema): Schema {
  const { enum: words, pattern, type, ...rest } = schema
  if (Array.isArray(words)) return { ...rest, anyOf: [{ enum: words }, { type: 'string', pattern: EXPRESSION }] }
  if (typeof pattern === 'string') return { ...rest, type, pattern: `${pattern}|${EXPRESSION}` }
  if (type === 'number' || type === 'integer' || type === 'boolean')
    return { ...rest, anyOf: [{ type }, { type: 'string', pattern: EXPRESSION }] }
  return type === undefined ? rest : { ...rest, type }
}
