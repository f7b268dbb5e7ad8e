/** A service as the place that connections start from: what `in: SERVICE` means for `http` and `tcp`. */
import { TargetError } from '../contracts/errors.ts'
import type { Runtime, Service } from '../contracts/target.ts'
import type { Address, Transport } from '../contracts/transport.ts'

export interface Inside {
  /** The target's transport, but for its connections. */
  readonly transport: Transport
  /** Where a name of a plan leads from there: it is looked up inside, and a service's port may be left out. */
  locate(host: string, port: number | undefined): Promise<Address | undefined>
}

/** Undefined where a service is no other place than the target itself: a process of this machine. */
export function insideOf(service: Service, transport: Transport, runtime: Runtime): Inside | undefined {
  const { connect } = service
  if (!connect) return undefined
  return {
    transport: {
      ...transport,
      address: `inside ${service.name}`,
      connect: async (to, signal) => {
        if ('path' in to) throw new TargetError(`a unix socket can't be reached from inside ${service.name}`)
        return connect(to, signal)
      },
    },
    locate: async (host, asked) => {
      if (!runtime.names().includes(host)) return undefined
      const port = asked ?? runtime.service(host).names().port
      if (port !== undefined) return { host, port }
      throw new TargetError(`${host} declares no port: write it into the address`, { transient: true })
    },
  }
}
