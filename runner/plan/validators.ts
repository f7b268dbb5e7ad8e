/** Validators of the kinds' schemas: compiled ahead of time for the built-in ones, at run time for those of other packages. */
import type { FaultKind } from '../contracts/fault.ts'
import type { Kinds } from '../contracts/kinds.ts'
import { commonShape, fragmentShape, planShape, requirementShape, targetShape, targetsShape } from './shapes.ts'

export type Validated = 'step' | 'probe' | 'fault' | 'runtime' | 'shape'

/** What ajv says of one mistake. */
export interface SchemaError {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

type Validate = ((value: unknown) => boolean) & { errors?: readonly SchemaError[] | null }

export interface Validators {
  /** The mistakes of a value; empty when there are none, or when there is nothing to check it by. */
  check(of: Validated, name: string, value: unknown): readonly SchemaError[]
  schema(of: Validated, name: string): object | undefined
}

const shapes: Readonly<Record<string, object>> = {
  plan: planShape,
  fragment: fragmentShape,
  targets: targetsShape,
  target: targetShape,
  common: commonShape,
  requirement: requirementShape,
}

/** Every schema that is validated by, under the name of its compiled file. */
export function schemasOf(kinds: Kinds): Map<string, object> {
  const all = new Map<string, object>()
  for (const [name, schema] of Object.entries(shapes)) all.set(`shape-${name}`, schema)
  for (const kind of kinds.steps.values()) all.set(`step-${kind.name}`, kind.params)
  for (const kind of kinds.probes.values()) all.set(`probe-${kind.name}`, kind.params)
  for (const kind of kinds.faults.values()) all.set(`fault-${kind.name}`, faultSchema(kind))
  for (const kind of kinds.runtimes.values()) all.set(`runtime-${kind.name}`, kind.params)
  return all
}

function faultSchema({ name, params, options, required = [] }: FaultKind): object {
  return { type: 'object', properties: { [name]: params, ...options }, required: [name, ...required] }
}

/** Keys that a slot brings in are checked by what fills the slot, so here they may stand. */
export function looseSchema(schema: object): object {
  return 'x-slot' in schema || 'x-is' in schema
    ? { ...schema, ...('x-slot' in schema ? { additionalProperties: true } : {}) }
    : schema
}

/** Tells whether a compiled file is of this very schema. */
export function schemaHash(schema: object): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16)
}

export const AJV_OPTIONS = { strict: false, allErrors: true, meta: false, validateSchema: false } as const

export function compiledValidators(kinds: Kinds): Validators {
  const schemas = schemasOf(kinds)
  const loaded = new Map<string, Validate>()
  return {
    schema: (of, name) => schemas.get(`${of}-${name}`),
    check: (of, name, value) => {
      const key = `${of}-${name}`
      const schema = schemas.get(key)
      if (!schema) return []
      const validate = loaded.get(key) ?? load(key, schema)
      loaded.set(key, validate)
      return validate(withNumbers(value)) ? [] : (validate.errors ?? [])
    },
  }
}

/** ajv knows no BigInt: to a schema, an integer beyond 2^53 is a number like any other. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  const items = Object.entries(value).map(([key, item]) => [key, item, withNumbers(item)] as const)
  if (items.every(([, before, after]) => before === after)) return value
  return Array.isArray(value)
    ? items.map(([, , after]) => after)
    : Object.fromEntries(items.map(([key, , after]) => [key, after]))
}

function load(key: string, schema: object): Validate {
  const compiled = aheadOfTime()[key]
  if (compiled?.hash === schemaHash(schema)) return compiled.load()
  const { default: Ajv } = require('ajv') as typeof import('ajv')
  return new Ajv(AJV_OPTIONS).compile(looseSchema(schema)) as unknown as Validate
}

interface Compiled {
  readonly hash: string
  load(): Validate
}

/** Named as a whole path, so that a bundle holds it: what is looked up at run time is not beside the bundle. */
function aheadOfTime(): Readonly<Record<string, Compiled>> {
  try {
    return require('../../schemas/validators/index.cjs') as Record<string, Compiled>
  } catch {
    return {}
  }
}
