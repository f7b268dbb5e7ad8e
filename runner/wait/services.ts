/** The services that a wait depends on: their starts and exits wake it, an exit ends it. */
import { knownText } from '../base/decode.ts'
import { isError, messageOf, type ServiceLines } from '../contracts/errors.ts'
import type { Condition } from '../contracts/probe.ts'
import type { Service, Target } from '../contracts/target.ts'
import type { Wake } from '../contracts/transport.ts'

const LAST_LINES = 10

export interface Gone {
  readonly says: string
  readonly logs: readonly ServiceLines[]
}

export class Services implements AsyncDisposable {
  readonly #running: Service[] = []
  readonly #stack = new AsyncDisposableStack()

  /** Services whose `state` or `exit` the condition names are its own business; one that does not run yet may come. */
  static async begin({ services }: Condition, target: Target, wake: Wake): Promise<Services> {
    const begun = new Services()
    const known = target.services()
    const named = new Set(services.filter(({ namesState }) => namesState).map(({ name }) => name))
    for (const name of new Set(services.map((one) => one.name))) {
      if (named.has(name) || !known.includes(name)) continue
      const service = target.service(name)
      begun.#stack.use(await service.watch(wake))
      if ((await service.state()).state === 'running') begun.#running.push(service)
    }
    return begun
  }

  /** The first one that has exited since the wait began, with its last words. */
  async gone(): Promise<Gone | undefined> {
    for (const service of this.#running) {
      const { state, exit, why } = await service.state()
      if (state !== 'exited' && state !== 'removed') continue
      const how =
        state === 'removed'
          ? 'was removed'
          : `exited${exit === undefined ? '' : ` with ${exit}`}${why === undefined ? '' : ` (${why})`}`
      return {
        says: `${service.name} ${how} while it was waited for`,
        logs: [{ service: service.name, lines: await lastLines(service) }],
      }
    }
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

async function lastLines(service: Service): Promise<readonly string[]> {
  try {
    return (await service.logs({ last: LAST_LINES })).map(knownText)
  } catch (error) {
    if (isError(error, 'target')) return [`(no log: ${messageOf(error)})`]
    throw error
  }
}
