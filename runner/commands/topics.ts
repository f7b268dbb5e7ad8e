/** Pages of `plan steps NAME` that are not kinds: keys of plans, steps and targets, matchers, exit codes. */
import type { Kinds } from '../contracts/kinds.ts'
import { matcherSchema } from '../matchers.ts'
import { targetsSchema } from '../plan/schema.ts'
import { commonShape, planShape, targetsShape } from '../plan/shapes.ts'
import { examples } from './topic-examples.ts'

export interface Topic {
  /** `matcher`, `plan key`, `step key`, `target key`, `topic`. */
  readonly of: string
  readonly name: string
  readonly summary: string
  readonly keys: Readonly<Record<string, object>>
  /** YAML, as in a file. */
  readonly example?: string | undefined
}

export function topics(kinds: Kinds): readonly Topic[] {
  return [
    ...pages('plan key', propertiesOf(planShape)),
    ...pages('step key', propertiesOf(commonShape)),
    ...pages('matcher', matcherSchema.properties as Schemas),
    ...pages('target key', { ...propertiesOf(targetsShape), ...targetKeys(kinds) }),
    EXIT_CODES,
    reporters(kinds),
  ]
}

type Schemas = Readonly<Record<string, Schema>>
interface Schema {
  readonly description?: string
  readonly properties?: Schemas
  readonly additionalProperties?: Schema | boolean
  readonly enum?: readonly unknown[]
}

function pages(of: string, schemas: Schemas): Topic[] {
  return Object.entries(schemas).map(([name, schema]) => ({
    of,
    name,
    summary: schema.description ?? '',
    keys: keysOf(schema),
    example: examples[`${of} ${name}`],
  }))
}

/** The keys of a mapping, or of each member of one: `inputs: {NAME: {default, …}}`. */
function keysOf({ properties, additionalProperties }: Schema): Readonly<Record<string, object>> {
  if (properties) return properties
  return typeof additionalProperties === 'object' ? (additionalProperties.properties ?? {}) : {}
}

/** The keys of all runtimes: a key says itself which ones have it. */
function targetKeys(kinds: Kinds): Schemas {
  const target = propertiesOf(targetsSchema(kinds))['targets']?.additionalProperties
  return typeof target === 'object' ? (target.properties ?? {}) : {}
}

function propertiesOf(shape: object): Schemas {
  return (shape as { properties: Schemas }).properties
}

const code = (description: string) => ({ description })

const EXIT_CODES: Topic = {
  of: 'topic',
  name: 'exit-codes',
  summary: 'The first that applies, of all cases of a run.',
  keys: {
    4: code('something could not be restored: the target is dirty'),
    130: code('interrupted by Ctrl-C, and restored; 143 by SIGTERM, 129 by SIGHUP'),
    75: code('another run holds the target'),
    2: code('the command line or a plan is wrong; nothing was run'),
    3: code('the environment failed, or there is a bug in Shakedown'),
    1: code('a check failed'),
    5: code('nothing was run: no case was chosen, or all were skipped'),
    0: code('everything passed'),
  },
}

function reporters(kinds: Kinds): Topic {
  return {
    of: 'topic',
    name: 'reporters',
    summary: 'Reports of a run: --reporter NAME[.OPTION][:FILE], repeatable. One of them owns stdout.',
    keys: Object.fromEntries([...kinds.reporters.values()].map(({ name, summary }) => [name, code(summary)])),
  }
}
