/** What of a daemon a target stands for: two runs on it are in each other's way, whichever targets.yaml they read. */
import type { Transport } from '../../../contracts/transport.ts'
import { daemonAddress } from './daemon.ts'

/** The running project, else the containers; with the daemon they are on. An address that is yet to be resolved is as it was written. */
export function whatIsShared(config: Readonly<Record<string, unknown>>, transport: Transport): string {
  const said = config['daemon'] as string | undefined
  const address = said?.includes('${{') ? said : addressOf(said, transport)
  return `docker ${String(config['project'] ?? containersOf(config))} ${address}`
}

function addressOf(said: string | undefined, transport: Transport): string {
  const address = daemonAddress(said, transport)
  return 'path' in address ? address.path : `${address.host}:${address.port}`
}

function containersOf({ services = {} }: { services?: unknown }): string {
  const all = Object.values(services as Readonly<Record<string, { container?: string; label?: string }>>)
  return all
    .map(({ container, label }) => container ?? label ?? '')
    .sort()
    .join(' ')
}
