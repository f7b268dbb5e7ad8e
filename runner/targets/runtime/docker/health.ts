/** Health sampled by running the container's own check now, since the daemon's word lags by its probe interval. */
import type { Engine } from './engine.ts'
import { execInside } from './exec.ts'
import type { Health, Inspection } from './inspection.ts'

const CHECK_WITHIN = 30_000

/** Undefined where there is nothing to sample: no check, or not running. */
export async function sampleHealth(
  engine: Engine,
  { Id, Config, State }: Inspection,
  signal: AbortSignal,
): Promise<Health | undefined> {
  const [kind, ...words] = Config.Healthcheck?.Test ?? []
  if (State.Status !== 'running' || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return undefined
  const command = kind === 'CMD' ? { argv: words } : { argv: ['/bin/sh', '-c', words[0] ?? ''] }
  const timeout = (Config.Healthcheck?.Timeout ?? 0) / 1e6 || CHECK_WITHIN
  const exit = await execInside(engine, Id, command, { timeout, keep: 4096 }, signal)
  if (exit.code === 0) return 'healthy'
  return State.Health?.Status === 'starting' ? 'starting' : 'unhealthy'
}
