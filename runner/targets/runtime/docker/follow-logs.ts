/** The daemon wakes those who wait for a line of a container's log. */
import type { Wake } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'

/** Wakes at each piece of log; resolves once it is followed. */
export async function followLogs(engine: Engine, container: string, wake: Wake): Promise<AsyncDisposable> {
  const over = new AbortController()
  const stream = await engine.stream(`/containers/${container}/logs?stdout=1&stderr=1&follow=1&tail=0`, over.signal)
  const reading = (async () => {
    for await (const _ of stream) wake('a line was logged')
  })().catch(() => undefined)
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort(new Error('over'))
      await reading
    },
  }
}
