/** Addresses of those whom a machine is cut off from. */
import { familyOf } from '../../contracts/address.ts'
import { quote } from '../../contracts/command.ts'
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE } from '../../contracts/target.ts'
import { demand } from './ask.ts'
import type { Machine } from './machine.ts'

/** Addresses and networks, in digits. Throws a CheckFailure for one that has none, or the machine's own. */
export async function addressesOf(machine: Machine, peers: readonly string[]): Promise<readonly string[]> {
  const all = await Promise.all(peers.map((peer) => addressOf(machine, peer)))
  return [...new Set(all.flat())]
}

async function addressOf(machine: Machine, peer: string): Promise<readonly string[]> {
  const { transport, runtime } = machine
  if (familyOf(peer) !== undefined) return [apart(peer, peer)]
  const name = runtime.names().includes(peer) ? await hostOf(machine, peer) : peer
  if (familyOf(name) !== undefined) return [apart(name, peer)]
  const said = await demand(
    transport,
    `getent ahosts ${quote(name)} || { echo "${MACHINE} can't look up ${name}" >&2; exit 1; }`,
  )
  const found = said.split('\n').map((line) => line.split(/\s/)[0] ?? '')
  return [...new Set(found)].filter((one) => familyOf(one) !== undefined).map((one) => apart(one, peer))
}

async function hostOf({ runtime }: Machine, name: string): Promise<string> {
  const to = await runtime.service(name).endpoint()
  if (to && 'host' in to) return to.host
  throw new CheckFailure(`${name} has no address that ${MACHINE} could be cut off from`, { hint: 'declare its port' })
}

function apart(address: string, peer: string): string {
  if (!/^(127\.|::1$|0\.0\.0\.0$)/.test(address)) return address
  throw new CheckFailure(`${peer} is on ${MACHINE} itself (${address}), so there is nothing between them to cut`, {
    hint: 'name something on another machine, or a container',
  })
}
