/** The shapes of plans, fragments and targets files: what validation, editors and documentation share. */
import {
  anything,
  command,
  duration,
  expectations,
  expression,
  flag,
  listOf,
  mapping,
  oneOf,
  optional,
  regex,
  steps,
  Type,
  text,
  texts,
} from '../contracts/params.ts'

const words = (description: string) => listOf(Type.String(), description)
const named = (description: string, items: object = {}) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: items === undefined ? true : items,
    description,
  })
const open = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description })
const conditions = (description: string) =>
  Type.Unsafe<object[]>({ type: 'array', items: { type: 'object' }, 'x-is': 'conditions', description })

const input = mapping({
  default: optional(anything('used when none is given')),
  required: optional(flag('whether the person running it must give it')),
  description: optional(text('what it is, for the person running it')),
  type: optional(oneOf(['text', 'number', 'boolean', 'duration', 'size', 'list'] as const, 'what may be given')),
  'one-of': optional(Type.Array(Type.Unknown(), { description: 'the only values that may be given' })),
})

const secret = mapping({
  env: optional(text('an environment variable of the runner')),
  file: optional(text('a file beside the plan')),
  command: optional(
    Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      items: { type: 'string' },
      'x-is': 'command',
      description: 'a command of the runner’s machine',
    }),
  ),
})

export const planShape = mapping({
  plan: Type.String({ description: 'its title', minLength: 1 }),
  description: optional(text('what it shows, for people')),
  tags: optional(words('words to choose it by')),
  covers: optional(words('what of the catalogue it covers')),
  target: optional(
    Type.Unsafe<unknown>({
      type: ['string', 'array', 'object'],
      items: { type: 'string' },
      minItems: 1,
      properties: {
        name: { type: 'string', description: 'its name' },
        variables: { type: 'object', description: 'given to the stack' },
      },
      additionalProperties: false,
      description: 'a name in targets.yaml, a list of those it is meant for, or a name with variables',
    }),
  ),
  inputs: optional(named('what the person running it supplies', input)),
  variables: optional(open('names for values used more than once')),
  secrets: optional(named('values that are never shown', secret)),
  requires: optional(conditions('prerequisites: one unmet makes the case skipped')),
  matrix: optional(open('axes → values; the plan runs once for each row')),
  baseline: optional(conditions('what must hold before the first step, and again after restore')),
  lock: optional(oneOf(['exclusive', 'shared'] as const, 'whether others may run on the target meanwhile')),
  steps: steps('the plan'),
  'on-failure': optional(steps('run once, right after the first step that failed')),
  always: optional(steps('run in any case, before restore')),
  'last-resort': optional(steps('run only when it could not be proven that everything is restored')),
  timeout: optional(duration('for one case (default 1h)')),
})

export const fragmentShape = mapping({
  fragment: Type.String({ description: 'its title', minLength: 1 }),
  description: optional(text('what it does, for people')),
  inputs: optional(named('what it is given', input)),
  steps: steps('its steps'),
  outputs: optional(open('what it gives back: name → expression')),
})

/** Beside the condition of a requirement; `input` excludes other keys. */
export const requirementShape = mapping({
  input: optional(text('an input that must be given')),
  if: optional(expression('asked only when this is true')),
  class: optional(
    oneOf(['unavailable', 'by-design', 'covered-elsewhere'] as const, 'why the case is skipped when this is not met'),
  ),
  reason: optional(text('what the report says')),
  see: optional(text('where it is covered')),
})

const ADDRESS = '^(ssh://)?([^@\\s]+@)?[^@\\s]+$'
const plain = (description: string) => ({ type: 'string', minLength: 1, description })

const ssh = Type.Unsafe<string | object>({
  type: ['string', 'object'],
  pattern: ADDRESS,
  properties: {
    host: { ...plain('its address, or its name in ~/.ssh/config'), pattern: ADDRESS },
    user: plain('who logs in'),
    port: { type: 'integer', minimum: 1, maximum: 65535, description: 'its port (22)' },
    identity: plain('a private key file beside targets.yaml, or with ~'),
    passphrase: { ...secret, description: 'what opens that key: env, file or command' },
    'accept-new': { type: 'boolean', description: 'a host that known_hosts does not know is added to it' },
    'known-hosts': plain('a file beside targets.yaml, instead of ~/.ssh/known_hosts'),
  },
  required: ['host'],
  additionalProperties: false,
  description: 'the host it is: user@host:port. ~/.ssh/config, ssh-agent and known_hosts are honoured',
})

export const targetShape = mapping({
  runtime: optional(Type.String({ description: 'what its services are (default process)' })),
  ssh: optional(ssh),
  jump: optional(
    Type.String({ description: 'the way to the host goes through this one: user@host:port', pattern: ADDRESS }),
  ),
  become: optional(flag('everything on the host runs as root, by sudo -n')),
  directory: optional(
    text('where relative commands and files start (default: the folder of targets.yaml, on a host the login folder)'),
  ),
  environment: optional(texts('environment of commands')),
  shell: optional(text('another shell than sh')),
  variables: optional(open('values for plans: ${{ target.variables.NAME }}')),
  defaults: optional(
    mapping({
      within: optional(duration('of waits (30s)')),
      probe: optional(duration('of one reading (5s)')),
      step: optional(duration('of run and http steps (60s)')),
      baseline: optional(duration('until the baseline holds again (60s)')),
      lease: optional(duration('of silence after which the guardian takes the runner for gone (10s)')),
      up: optional(duration('until a stack is ready (2m)')),
      'sample-health': optional(flag('run health checks of containers for each reading')),
      patience: optional(Type.Number({ description: 'multiplies all time limits', exclusiveMinimum: 0 })),
    }),
  ),
  'max-faulted': optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 1,
      pattern: '^\\d{1,3}%$',
      description: 'how many services may be broken at a time: a number, or a share such as 50%',
    }),
  ),
  protect: optional(flag('breaking steps need --allow-breaking')),
})

export const targetsShape = mapping({
  targets: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: 'object' },
    description: 'name → target',
  }),
  plugins: optional(words('packages with kinds of their own')),
})

export const commonShape = mapping({
  name: optional(text('what the report calls it')),
  id: optional(text('a handle for `restore` and others')),
  if: optional(expression('runs only when this is true')),
  timeout: optional(duration('for the whole step')),
  capture: optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      minProperties: 1,
      'x-is': 'captures',
      description: 'name → field or $path of the reading',
      additionalProperties: {
        type: ['string', 'object'],
        properties: {
          from: { type: 'string' },
          matches: regex('a pattern; its first group is kept'),
          default: {},
          secret: { type: 'boolean' },
        },
        required: ['from'],
        additionalProperties: false,
      },
    }),
  ),
  expect: optional(expectations('what is expected of the reading')),
  undo: optional(command('the command that puts it back, or none')),
  verify: optional(command('succeeds while the normal state holds')),
  'continue-on-error': optional(flag('a failure only warns')),
  'for-each': optional(
    Type.Unsafe<unknown>({
      type: ['array', 'object', 'string'],
      minItems: 1,
      description: '{name: list}, or a list of mappings',
    }),
  ),
  repeat: optional(Type.Unsafe<unknown>({ type: ['integer', 'string'], minimum: 1, description: 'how many times' })),
})
