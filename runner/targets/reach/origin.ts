/** The place where connections start, and facts about the services they may lead to. */
import { orAborted } from '../../base/abort.ts'
import { TargetError } from '../../contracts/errors.ts'
import { isNoAnswer, NoAnswer } from '../../contracts/no-answer.ts'
import type { Runtime, ServiceState } from '../../contracts/target.ts'
import type { Address, Transport } from '../../contracts/transport.ts'
import type { Whom } from './no-answer.ts'

export interface Origin {
  readonly transport: Pick<Transport, 'connect'>
  /** Where a name of a plan leads; undefined: it is looked up by whoever connects. Throws a NoAnswer when the service does not run. */
  locate(host: string, port: number | undefined, signal: AbortSignal): Promise<Address | undefined>
  /** Taken before an attempt, for `judge`. */
  mark(): Mark
  /** Looks a second time, at the service and at the way there. Throws a TargetError when the way was cut since. */
  judge(failed: NoAnswer, whom: Whom, signal: AbortSignal, since: Mark): Promise<NoAnswer>
}

/** How often the way had been cut. */
export type Mark = number

export interface OriginParts {
  readonly transport: Pick<Transport, 'connect' | 'cuts'>
  readonly runtime: Pick<Runtime, 'names' | 'service'>
  locate(host: string, port: number | undefined): Promise<Address | undefined>
  /** Silence and a cut prove something only while the way there works. Throws a TargetError when it does not. */
  confirm?: ((failed: NoAnswer, whom: Whom, signal: AbortSignal) => Promise<NoAnswer>) | undefined
}

/** Where a plan names a service, one that does not run counts as refused. */
export function originOf(parts: OriginParts): Origin {
  return {
    transport: parts.transport,
    locate: async (asked, port, signal) => {
      const host = named(asked, parts.runtime)
      try {
        return await orAborted(signal, parts.locate(host, port))
      } catch (error) {
        if (signal.aborted || isNoAnswer(error)) throw error
        throw (await notRunning(parts, host, signal)) ?? error
      }
    },
    mark: () => parts.transport.cuts?.() ?? 0,
    judge: async (failed, whom, signal, since) => {
      if (signal.aborted) return failed
      const seen = SILENT.includes(failed.code ?? '') ? await (parts.confirm?.(failed, whom, signal) ?? failed) : failed
      // A connection that fails with its way looks as if its peer had closed it; the count may come a moment later.
      if ((parts.transport.cuts?.() ?? 0) > since) throw new TargetError('the connection was cut', { transient: true })
      const mayBeStopped = seen.shows.reachable === undefined && seen.shows.resolves !== true
      return (mayBeStopped ? await notRunning(parts, named(whom.name, parts.runtime), signal, seen) : undefined) ?? seen
    },
  }
}

/** Nobody said so: it was not answered, or cut. */
const SILENT: readonly string[] = ['ETIMEDOUT', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED']

/** The service that a host names. Hosts match in any case (RFC 3986, 3.2.2), and a URL has them in lower case. */
function named(host: string, runtime: OriginParts['runtime']): string {
  const names = runtime.names()
  return names.includes(host) ? host : (names.find((name) => name.toLowerCase() === host.toLowerCase()) ?? host)
}

/** Undefined when it is not a service, or runs, or nobody can tell. */
async function notRunning(
  { runtime }: OriginParts,
  host: string,
  signal: AbortSignal,
  failed?: NoAnswer,
): Promise<NoAnswer | undefined> {
  if (!runtime.names().includes(host)) return undefined
  const state = await stateOf(runtime, host, signal)
  if (state === undefined || state === 'running' || state === 'paused') return undefined
  const resolves = failed ? failed.shows.resolves : true
  return new NoAnswer(`${host} is ${state}, so nobody listens there`, { reachable: false, resolves }, failed)
}

async function stateOf(
  runtime: OriginParts['runtime'],
  host: string,
  signal: AbortSignal,
): Promise<ServiceState['state'] | undefined> {
  try {
    return (await orAborted(signal, runtime.service(host).state())).state
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}
