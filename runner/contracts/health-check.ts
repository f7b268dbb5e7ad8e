import type { Output } from './errors.ts'
import type { ServiceState } from './target.ts'

/** The output of a failing health check, for failures; undefined for a check that succeeded, printed nothing, or has not run. */
export function healthCheckOutput(
  name: string,
  { healthCheck }: Pick<ServiceState, 'healthCheck'>,
): Output | undefined {
  if (healthCheck === undefined || healthCheck.exit === 0 || healthCheck.output.trim() === '') return undefined
  return { of: `the health check of ${name} (exit ${healthCheck.exit})`, stdout: Buffer.from(healthCheck.output) }
}
