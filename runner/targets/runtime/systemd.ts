/** Services as systemd units of a host: those that are there already, or unit files that a target brings for each case. */
import { condition, mapping, optional, planPath, Type, text } from '../../contracts/params.ts'
import type { RuntimeKind } from '../../contracts/target.ts'
import { portlessOf } from './portless.ts'

const serviceParams = mapping({
  unit: optional(text('its unit (default: its name with .service)')),
  'unit-file': optional(
    planPath('a unit file beside targets.yaml: installed below /run and started for each case, and gone with it'),
  ),
  port: optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      description: 'the port that a URL with its name means',
    }),
  ),
  address: optional(text('where it listens, as seen from the host (default 127.0.0.1)')),
  ready: optional(condition('when it is up: a condition in which its own address may be left out')),
  directory: optional(
    text('where relative paths `in:` it start (default: the WorkingDirectory of its unit, or else /)'),
  ),
})

export const systemdRuntime: RuntimeKind = {
  name: 'systemd',
  summary: 'Services are systemd units of a host that are there already, or unit files brought for each case.',
  params: mapping({
    services: optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: serviceParams,
        description: 'name → which unit it is',
      }),
    ),
  }),
  services: (config) => Object.keys((config['services'] as object | undefined) ?? {}),
  portless: (config) => portlessOf(config['services']),
  open: async (config, transport, host) => {
    const { openUnits } = await import('./systemd/stack.ts')
    return openUnits(config, transport, host)
  },
  seenByAll: async () => 'systemd',
  needs: async (config, transport) => {
    const { systemdNeeds } = await import('./systemd/needs.ts')
    return systemdNeeds(config, transport)
  },
  scan: async (_config, transport) => {
    const { straysOf } = await import('./systemd/scan.ts')
    return straysOf(transport)
  },
}
