/** Memory of a container as the daemon counts it. */
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'
import type { Inspection } from './inspection.ts'

/** The daemon counts once a second and lets whoever asks again wait for the next count, so one is good for this long. In ms. */
const FRESH = 2_000

interface Counted {
  readonly at: number
  readonly bytes: Promise<number | undefined>
}

const counted = new WeakMap<Engine, Map<string, Counted>>()

/** Bytes, as `docker stats` has them: without the page cache that can be dropped. At most two seconds old. */
export function memoryOf(engine: Engine, { Id, State }: Inspection): Promise<number | undefined> {
  if (!State.Running) return Promise.resolve(undefined)
  const all = counted.get(engine) ?? new Map<string, Counted>()
  counted.set(engine, all)
  const key = `${Id}@${State.StartedAt}`
  const known = all.get(key)
  if (known && performance.now() - known.at < FRESH) return known.bytes
  const bytes = count(engine, Id)
  all.set(key, { at: performance.now(), bytes })
  return bytes
}

async function count(engine: Engine, id: string): Promise<number | undefined> {
  try {
    const { memory_stats: told } = await engine.json<{
      memory_stats: { usage?: number; stats?: Record<string, number> }
    }>('GET', `/containers/${id}/stats?stream=false&one-shot=true`)
    if (told.usage === undefined) return undefined
    return told.usage - (told.stats?.['inactive_file'] ?? told.stats?.['total_inactive_file'] ?? 0)
  } catch (error) {
    if (error instanceof EngineError) return undefined
    throw error
  }
}
