/** A service as the place that connections start from: what `in: SERVICE` means for `http` and `tcp`. */
import { TargetError } from '../contracts/errors.ts'
import type { Runtime, Service } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { confirmService } from './reach/confirm.ts'
import { type Origin, originOf } from './reach/origin.ts'

/** Undefined where a service is no other place than the target itself: a process of this machine. */
export function insideOf(service: Service, runtime: Runtime, { cuts }: Transport): Origin | undefined {
  const { connect } = service
  if (!connect) return undefined
  return originOf({
    runtime,
    transport: {
      ...(cuts ? { cuts } : {}),
      connect: async (to, signal, reached) => {
        if ('path' in to) throw new TargetError(`a unix socket can't be reached from inside ${service.name}`)
        return connect(to, signal, reached)
      },
    },
    // The name of a service is looked up inside; its port may be left out.
    locate: async (host, asked) => {
      if (!runtime.names().includes(host)) return undefined
      const port = asked ?? runtime.service(host).names().port
      if (port !== undefined) return { host, port }
      throw new TargetError(`${host} declares no port: write it into the address`, { transient: true })
    },
    confirm: confirmService(service),
  })
}
