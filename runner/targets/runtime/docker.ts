/** Services as containers: a Compose stack brought up anew, a project that runs already, or containers by name or label. */
import { condition, flag, integer, mapping, oneOf, optional, Type, text } from '../../contracts/params.ts'
import type { RuntimeKind } from '../../contracts/target.ts'

const named = (description: string, of: object) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: of, description })

const serviceParams = mapping({
  container: optional(text('its container, by name, where no compose file or project tells')),
  label: optional(text('its containers, by a label: app=agent')),
  port: optional(
    integer('the port that a URL with its name means, where its image names none or several', {
      minimum: 1,
      maximum: 65_535,
    }),
  ),
  ready: optional(condition('when it is up, beside its own health check; its own address may be left out')),
  'sample-health': optional(flag('run its health check for each reading: the word of the daemon lags by its interval')),
})

export const dockerRuntime: RuntimeKind = {
  name: 'docker',
  summary: 'Services are containers: a Compose stack of its own for each case, or what runs already.',
  params: mapping({
    compose: optional(
      Type.Unsafe<string | string[]>({
        type: ['string', 'array'],
        items: { type: 'string' },
        minItems: 1,
        description:
          'one compose file or several, relative to targets.yaml: brought up for each case, in a project of its own',
      }),
    ),
    project: optional(text('a Compose project that is running: never brought up or down')),
    services: optional(named('name → which container it is, and what is special about it', serviceParams)),
    daemon: optional(
      text('unix:///PATH or tcp://HOST:PORT of the Docker daemon (default: as the docker command has it)'),
    ),
    lifetime: optional(
      oneOf(['case', 'plan', 'run'] as const, 'how long a stack lives: its cases take turns (default case)'),
    ),
    'helper-image': optional(
      text('the image that network faults are made with (default: built from debian:bookworm-slim)'),
    ),
  }),
  services: (config) =>
    config['compose'] || config['project'] ? undefined : Object.keys((config['services'] as object | undefined) ?? {}),
  owned: (config) => config['compose'] !== undefined && config['project'] === undefined,
  seenByAll: async (config, transport) => {
    const { whatIsShared } = await import('./docker/shared.ts')
    return whatIsShared(config, transport)
  },
  open: async (config, transport, host) => {
    const { openDockerStack } = await import('./docker/stack.ts')
    return openDockerStack(config, transport, host)
  },
  needs: async (config, transport) => {
    const { dockerNeeds } = await import('./docker/needs.ts')
    return dockerNeeds(config, transport)
  },
  scan: async (config, transport) => {
    const { straysOf } = await import('./docker/scan.ts')
    return straysOf(config, transport)
  },
}
