/** Containers, networks and volumes that carry our labels, whoever made them. */
import type { Stray } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { daemonAddress } from './daemon.ts'
import { Engine } from './engine.ts'

const RUN_LABEL = 'shakedown.run'

interface Labelled {
  readonly Id?: string
  readonly Name?: string
  readonly Names?: readonly string[]
  readonly Labels: Readonly<Record<string, string>> | null
}

/** Containers first, since networks and volumes can't go before them. */
export async function straysOf(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
): Promise<readonly Stray[]> {
  const daemon = config['daemon']
  const engine = await Engine.open(transport, daemonAddress(typeof daemon === 'string' ? daemon : undefined, transport))
  const filters = encodeURIComponent(JSON.stringify({ label: [RUN_LABEL] }))
  const containers = await engine.json<readonly Labelled[]>('GET', `/containers/json?all=1&filters=${filters}`)
  const networks = await engine.json<readonly Labelled[]>('GET', `/networks?filters=${filters}`)
  const { Volumes } = await engine.json<{ Volumes: readonly Labelled[] | null }>('GET', `/volumes?filters=${filters}`)
  const stray = (what: string, one: Labelled, path: string): Stray => ({
    run: one.Labels?.[RUN_LABEL] ?? '',
    says: `${what} ${one.Names?.[0]?.slice(1) ?? one.Name ?? one.Id}`,
    remove: async () => {
      await engine.bytes('DELETE', path)
    },
  })
  return [
    ...containers.map((one) => stray('container', one, `/containers/${one.Id}?force=1&v=1`)),
    ...networks.map((one) => stray('network', one, `/networks/${one.Id}`)),
    ...(Volumes ?? []).map((one) => stray('volume', one, `/volumes/${one.Name}?force=1`)),
  ]
}
