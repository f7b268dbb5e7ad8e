/** Services as processes of this machine or a host, each in a group of its own, brought up anew for every case. */
import { signals } from '../../base/signals.ts'
import {
  command,
  condition,
  duration,
  mapping,
  oneOf,
  optional,
  planPath,
  Type,
  text,
  texts,
} from '../../contracts/params.ts'
import type { RuntimeKind } from '../../contracts/target.ts'
import { portlessOf } from './portless.ts'

const words = (description: string, of: object) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: of, description })

const serviceParams = mapping({
  command: command('what is started: a list, or a text for the shell'),
  port: optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      description: 'its port, given to it as PORT; auto is a free one',
    }),
  ),
  env: optional(texts('environment variables')),
  files: optional(
    words(
      'files copied into its own folder, anew for each case: name → source beside targets.yaml',
      planPath('a file'),
    ),
  ),
  ready: optional(condition('when it is up: a condition in which its own address may be left out')),
  directory: optional(
    text('where it starts, relative to targets.yaml (default: its folder), on a host to the login folder'),
  ),
  stop: optional(
    mapping(
      {
        signal: optional(oneOf(signals, 'the signal that asks it to end (default TERM)')),
        grace: optional(duration('how long it may take until it is killed (default 10s)')),
      },
      { description: 'how it is stopped' },
    ),
  ),
})

export const processRuntime: RuntimeKind = {
  name: 'process',
  summary: 'Services are processes of this machine or of a host, brought up for each case and gone with it.',
  params: mapping({
    services: optional(words('name → how it is started', serviceParams)),
    lifetime: optional(
      oneOf(['case', 'plan', 'run'] as const, 'how long a stack lives: its cases take turns (default case)'),
    ),
    shell: optional(text('another shell than sh')),
  }),
  services: (config) => namesOf(config),
  portless: (config) => portlessOf(config['services']),
  owned: (config) => namesOf(config).length > 0,
  needs: async (config, transport) => {
    const { processNeeds } = await import('./process/needs.ts')
    return processNeeds(config, transport)
  },
  open: async (config, transport, host) => {
    const { ProcessStack } = await import('./process/stack.ts')
    return new ProcessStack(config, transport, host)
  },
}

function namesOf(config: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys((config['services'] as object | undefined) ?? {})
}
