/** The words a kind describes its parameters with. The only file that imports TypeBox. */
import { type Static, type TArray, type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { Command } from './command.ts'

export { type Static, type TObject, type TProperties, type TSchema, Type }

/**
 * What a string or mapping of a plan is, beyond its JSON type. Drives binding, lint, completion and `show`.
 * `x-is` stands on the schema of the value.
 */
export type Meaning =
  | 'text' // a scalar that is meant as text: it keeps its spelling
  | 'duration' // 250ms, 1m30s
  | 'size' // 10MiB
  | 'service' // a service of the target
  | 'subject' // a service of the target, or its machine: `host`
  | 'peer' // that, or an address as seen from the machine
  | 'jsonpath' // RFC 9535
  | 'regex' // JavaScript
  | 'expression' // CEL with or without ${{ }}
  | 'command' // string: sh; list: argv
  | 'commands' // a list of commands, or one
  | 'url'
  | 'plan-path' // relative to the file it stands in
  | 'target-path' // on the target, or inside `in:`
  | 'condition' // one probe and what is expected, or all/any/none
  | 'conditions' // a list of them
  | 'fault'
  | 'steps' // a list of steps: bound late, each when it runs
  | 'step' // one of them
  | 'matcher'
  | 'expectations' // field or $path → matcher
  | 'captures'
  | 'fields' // jsonpath → value

type Options = { description?: string; examples?: unknown[]; default?: unknown }

export const text = (description: string, options: Options = {}) => Type.String({ description, ...options })
export const flag = (description: string, options: Options = {}) => Type.Boolean({ description, ...options })
export const integer = (description: string, options: Options & { minimum?: number; maximum?: number } = {}) =>
  Type.Integer({ description, ...options })
export const anything = (description: string, options: Options = {}) => Type.Unknown({ description, ...options })
export const optional = Type.Optional

/** A scalar that is meant as text. */
export const SCALAR = { type: ['string', 'number', 'boolean'], 'x-is': 'text' } as const

/** Name → a scalar that is meant as text, such as a header: `1.10` and `0777` keep their spelling. After binding it is text. */
export const texts = (description: string) =>
  Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: SCALAR, description })

/** A closed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W, description: string, options: Options = {}) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...words], description, ...options })

/** A duration such as `250ms`, `30s`, `1m30s` or `2h`. It stays text until time is measured. */
export const duration = (description: string, options: Options = {}) =>
  Type.Unsafe<string>({
    type: 'string',
    'x-is': 'duration',
    pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$',
    description,
    ...options,
  })

/** Any string with a meaning. */
const meant = (is: Meaning, description: string, options: Options = {}) =>
  Type.Unsafe<string>({ type: 'string', 'x-is': is, description, ...options })

export const service = (description: string, options: Options = {}) => meant('service', description, options)
export const jsonPath = (description: string, options: Options = {}) => meant('jsonpath', description, options)
export const regex = (description: string, options: Options = {}) => meant('regex', description, options)
export const expression = (description: string) =>
  Type.Unsafe<boolean>({ type: ['boolean', 'string'], 'x-is': 'expression', description })
export const url = (description: string, options: Options = {}) => meant('url', description, options)
export const planPath = (description: string, options: Options = {}) => meant('plan-path', description, options)
export const targetPath = (description: string, options: Options = {}) => meant('target-path', description, options)

/** One service, or a list of them. */
export const services = (description: string, options: Options = {}) => listed('service', description, options)

/** One service or the machine itself (`host`), or a list of them. */
export const subjects = (description: string, options: Options = {}) => listed('subject', description, options)

/** Those, or addresses: `10.0.0.7`, `10.0.0.0/8`, `api.example.com`. */
export const peers = (description: string, options: Options = {}) => listed('peer', description, options)

function listed(is: Meaning, description: string, options: Options) {
  return Type.Unsafe<string | string[]>({
    type: ['string', 'array'],
    items: { type: 'string', 'x-is': is },
    minItems: 1,
    'x-is': is,
    description,
    ...options,
  })
}

/** A command: a string goes to the target's `sh`, a list is an argv. After binding it is a `Command`. */
export const command = (description: string, options: Options = {}) =>
  Type.Unsafe<Command>({
    type: ['string', 'array'],
    items: SCALAR,
    minItems: 1,
    'x-is': 'command',
    description,
    ...options,
  })

/** One command or several, each a string or an argv list. After binding a list of `Command`. */
export const commands = (description: string, options: Options = {}) =>
  Type.Unsafe<Command[]>({
    type: ['string', 'array'],
    items: { type: ['string', 'array'], items: SCALAR },
    minItems: 1,
    'x-is': 'commands',
    description,
    ...options,
  })

/** Commands, or signals that the runtime sends: `{signal: HUP, service: NAME}`. After binding a list of both. */
export const commandsOrSignals = (description: string, signals: readonly string[], options: Options = {}) => {
  const sent = {
    properties: {
      signal: oneOf(signals, 'a signal: HUP to reload'),
      service: service('who gets it (default: the service that the file is in)'),
    },
    required: ['signal'],
    additionalProperties: false,
  }
  return Type.Unsafe<(Command | { readonly signal: string; readonly service?: string })[]>({
    type: ['string', 'array', 'object'],
    ...sent,
    items: { type: ['string', 'array', 'object'], items: { type: ['string', 'number', 'boolean'] }, ...sent },
    minItems: 1,
    'x-is': 'commands',
    description,
    ...options,
  })
}

/** A condition of its own, such as `fail-if`. Handed to `context.condition` as it is. */
export const condition = (description: string) =>
  Type.Unsafe<PlainCondition>({ type: 'object', 'x-is': 'condition', description })

/** A mapping from fields or JSONPaths to matchers. */
export const expectations = (description: string, options: Options = {}) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    minProperties: 1,
    additionalProperties: true,
    'x-is': 'expectations',
    description,
    ...options,
  })

/** A list of steps; what is inside is bound when each of them runs. Handed to `context.run` as it is. */
export const steps = (description: string) =>
  Type.Unsafe<PlainSteps>({
    type: 'array',
    minItems: 1,
    items: { type: 'object', 'x-is': 'step' },
    'x-is': 'steps',
    description,
  })

/** Keys that may be written as they are in the plan, without a schema of their own. */
export type PlainCondition = { readonly [key: string]: unknown }
export type PlainSteps = readonly { readonly [key: string]: unknown }[]
export type PlainFault = { readonly [key: string]: unknown }

type Own<P extends TProperties> = TObject<P>

/**
 * A mapping that holds exactly one condition beside keys of its own (`wait-for`, `assert`): schema, validator
 * and binder fill the slot with the registered probes, their short keys, `expect`, `all`, `any` and `none`.
 */
export const withCondition = <P extends TProperties>(own: P, options: Options = {}): Own<P> =>
  Type.Object(own, { additionalProperties: false, 'x-slot': 'condition', ...options })

/** A mapping that holds exactly one fault beside keys of its own; the fault's options stand beside its key. */
export const withFault = <P extends TProperties>(own: P, options: Options = {}): Own<P> =>
  Type.Object(own, { additionalProperties: false, 'x-slot': 'fault', ...options })

/** A closed mapping. */
export const mapping = <P extends TProperties>(
  own: P,
  options: Options & { minProperties?: number } = {},
): TObject<P> => Type.Object(own, { additionalProperties: false, ...options })

/** A list. */
export const listOf = <S extends TSchema>(items: S, description: string, options: Options = {}): TArray<S> =>
  Type.Array(items, { minItems: 1, description, ...options })

/**
 * Short form or mapping in one schema: `http: URL` or `http: {get: URL, …}`. Written without `anyOf`, because that
 * gives five errors for one mistake. The static type is the mapping or the short form's.
 */
export const shortOr = <P extends TProperties, S = string>(
  short: { type: 'string' | readonly string[]; 'x-is'?: Meaning; items?: object; [key: string]: unknown },
  own: P,
  options: Options = {},
) => {
  const object = Type.Object(own, { additionalProperties: false })
  const types = Array.isArray(short.type) ? short.type : [short.type]
  return Type.Unsafe<S | Static<TObject<P>>>({ ...object, ...short, type: [...types, 'object'], ...options })
}
