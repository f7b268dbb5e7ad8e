/** Where packets of a machine can go (IPv4), as its kernel tells in /proc/net/route. */
import type { Transport } from '../../contracts/transport.ts'
import { demand } from './ask.ts'

export interface Routes {
  readonly gateway: string | undefined
  /** Networks that it is in itself; `some` is an address of each. */
  readonly networks: readonly { readonly first: number; readonly last: number; readonly some: string }[]
}

export async function routesOf(transport: Transport): Promise<Routes> {
  const said = await demand(transport, 'cat /proc/net/route')
  const rows = said
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((row) => row.length > 7)
  const [, , way] = rows.find(([, to]) => to === '00000000') ?? []
  const own = rows.filter(([, to, gateway]) => to !== '00000000' && gateway === '00000000')
  return {
    gateway: way === undefined || way === '00000000' ? undefined : dotted(swapped(way)),
    networks: own.map(([, to = '', , , , , , mask = '']) => {
      const first = swapped(to)
      const last = first + (2 ** 32 - 1 - swapped(mask))
      return { first, last, some: dotted(Math.max(first, last - 1)) }
    }),
  }
}

/** Addresses of a network that a packet can be sent to: those that the machine has a way to, and its first one. */
export function networkOf(network: string, { gateway, networks }: Routes): string[] {
  if (network.includes(':'))
    return [network === '::/0' ? '2001:db8::1' : network.replace(/\/\d+$/, '').replace(/::$/, '::1')]
  const [address = '', bits = '32'] = network.split('/')
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(numeric(address) / size) * size
  const isIn = (one: string) => numeric(one) >= first && numeric(one) < first + size
  const near = [...(gateway === undefined ? [] : [gateway]), ...networks.map(({ some }) => some)].filter(isIn)
  return near.length > 0 ? near : [dotted(first + (size > 1 ? 1 : 0))]
}

/** The kernel writes them with the last byte first. */
function swapped(hex: string): number {
  return (hex.match(/../g) ?? []).reduceRight((sum, byte) => sum * 256 + Number.parseInt(byte, 16), 0)
}

function numeric(dots: string): number {
  return dots.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
