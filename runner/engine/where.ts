/** The places of changes that `--keep` leaves in: addresses, processes, containers, folders. */
import { messageOf } from '../contracts/errors.ts'
import type { Runtime, Service } from '../contracts/target.ts'
import type { Touch } from '../contracts/undo.ts'
import type { Entry } from './changes.ts'

/** The places that a change has touched. */
export function whereEntry({ undo }: Pick<Entry, 'undo'>, runtime: Runtime): Promise<string[]> {
  return whereKept(undo.of === 'stack' ? 'stack' : undo.touches, runtime)
}

/** A line for each service that is touched, for all of them where the stack itself is kept. */
async function whereKept(of: 'stack' | readonly Touch[], runtime: Runtime): Promise<string[]> {
  const known = runtime.names().filter((name) => !name.endsWith(']'))
  if (of === 'stack') return Promise.all(known.map((name) => whereIs(name, runtime)))
  const lines = of.map(async (touch) => {
    if ('file' in touch) return [touch.in === undefined ? touch.file : `${touch.file} in ${touch.in}`]
    return 'service' in touch && known.includes(touch.service) ? [await whereIs(touch.service, runtime)] : []
  })
  return [...new Set((await Promise.all(lines)).flat())]
}

async function whereIs(name: string, runtime: Runtime): Promise<string> {
  try {
    const service = runtime.service(name)
    const { state } = await service.state()
    const own = await service.where?.()
    return `${name} is ${state}: ${(own ?? placesOf(service)).join(', ')}`
  } catch (error) {
    return `${name}: ${messageOf(error)}`
  }
}

/** The values of a service that expressions can use, as seen from the target. */
function placesOf(service: Service): string[] {
  const { url, pid, directory } = service.names()
  return [url, pid && `process ${pid}`, `folder ${directory}`].filter((one) => typeof one === 'string')
}
