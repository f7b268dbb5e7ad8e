/** Services of a target as targets.yaml has them. */
import { TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'
import { parseDuration } from '../../../contracts/units.ts'
import type { StopBy } from './scripts.ts'

const GRACE = 10_000
/** With the whole stack nobody waits for longer, in hundredths of a second. */
const DOWN_GRACE = 200

export interface ServiceConfig {
  readonly command: string | readonly unknown[]
  readonly port?: number | string
  readonly env?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string>>
  readonly ready?: unknown
  readonly directory?: string
  readonly stop?: { readonly signal?: string; readonly grace?: string }
}

export type ServiceConfigs = Readonly<Record<string, ServiceConfig>>

/** Throws a TargetError for a name that can be no folder. */
export function servicesOf(config: Readonly<Record<string, unknown>>): ServiceConfigs {
  const services = (config['services'] ?? {}) as ServiceConfigs
  for (const name of Object.keys(services))
    if (!/^[A-Za-z0-9][\w-]*$/.test(name))
      throw new TargetError(`a service can't be named "${name}": use letters, digits, - and _`, {
        details: { place: placeOf(services) },
      })
  return services
}

export function stopBy({ stop = {} }: ServiceConfig): StopBy {
  const grace = parseDuration(stop.grace ?? '') ?? GRACE
  return { signal: (stop.signal ?? 'TERM').replace(/^SIG/, ''), grace: Math.ceil(grace / 10) }
}

/** Hundredths of a second that a stack which is taken down has to end by itself. */
export function downGrace(services: ServiceConfigs): number {
  return Math.min(DOWN_GRACE, Math.max(0, ...Object.values(services).map((one) => stopBy(one).grace)))
}

/** Earlier services whose names a service is made with: it is started when they are ready. */
export function needsOf(name: string, services: ServiceConfigs): readonly string[] {
  const { command, env, files, port } = services[name] as ServiceConfig
  const expressions = JSON.stringify([command, env, files, port]).match(/\$\{\{.*?\}\}/g) ?? []
  const names = Object.keys(services)
  return names
    .slice(0, names.indexOf(name))
    .filter((other) => expressions.some((expression) => mentions(expression, other)))
}

function mentions(expression: string, service: string): boolean {
  const quoted = [`services['${service}']`, `services[\\"${service}\\"]`]
  return (
    new RegExp(`services\\.${service}\\b(?!-)`).test(expression) || quoted.some((form) => expression.includes(form))
  )
}
