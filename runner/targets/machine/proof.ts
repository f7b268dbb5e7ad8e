/** Shows that rules on a machine have an effect: by what can no longer be reached, and by the packets that the kernel has counted. */
import { quote } from '../../contracts/command.ts'
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE, type NetworkRule } from '../../contracts/target.ts'
import type { Transport } from '../../contracts/transport.ts'
import type { Effective } from '../../contracts/undo.ts'
import { ask, demand } from './ask.ts'
import type { Machine } from './machine.ts'
import { networkOf, routesOf } from './routes.ts'

const LIMIT = 500
/** Discard: hardly anybody listens there, and a refusal shows that packets go both ways. */
const DISCARD = 9
const USUAL = [DISCARD, 22, 80, 443]

export interface Proof {
  /** Of a refusal: ports that are open before it. */
  readonly ports: readonly number[]
  /** Whether packets have to be counted, too. */
  readonly counts: boolean
  after(signal: AbortSignal): Promise<Effective>
}

/** Looked at before the rules are there. */
export async function proofOf(machine: Machine, rule: NetworkRule, peers: readonly string[]): Promise<Proof> {
  if (rule.is === 'drop') return dropped(machine, peers)
  if (rule.is === 'reject') return refused(machine, rule.ports)
  if (rule.is === 'dns') return unknown(machine, rule.names)
  return lossy(machine, rule.is === 'loss' ? Math.ceil(1_400 / rule.percent) : 100_000)
}

/** How many packets the rules of a table have touched. */
export async function counted(transport: Transport, table: string): Promise<number> {
  const said = await demand(transport, `nft list counter inet ${table} hit`)
  return Number(/packets (\d+)/.exec(said)?.[1] ?? 0)
}

/** Of a network, an address that a packet can be sent to stands for it. */
async function dropped(machine: Machine, peers: readonly string[]): Promise<Proof> {
  const { transport } = machine
  const routes = await routesOf(transport)
  const tries = peers.flatMap((peer) => (peer.includes('/') ? networkOf(peer, routes) : [peer]))
  // Of IPv6 sshd does not tell a refusal from the want of a route, so a network of it is shown by its packets alone.
  const there = await reached(
    transport,
    tries.filter((one) => peers.includes(one) || !one.includes(':')),
    USUAL,
  )
  return {
    ports: [],
    counts: true,
    after: async () => {
      const still = await reached(
        transport,
        there.map(({ host }) => host),
        there.map(({ port }) => port),
      )
      if (still.length > 0) return { yes: false, why: `${still[0]?.host} can still be reached` }
      if (there.length > 0) return { yes: true, evidence: `no way to ${hostsOf(there)} any more` }
      // Nobody answered before, so that only what is sent and counted shows it.
      await reached(transport, tries, [DISCARD])
      return { yes: true, evidence: `what goes to ${peers.join(', ')} is dropped` }
    },
  }
}

interface Reached {
  readonly host: string
  readonly port: number
}

/** The first answer of each, a refusal too. */
async function reached(transport: Transport, hosts: readonly string[], ports: readonly number[]): Promise<Reached[]> {
  const pairs = [...new Set(hosts)].flatMap((host) => [...new Set(ports)].map((port) => ({ host, port })))
  const found = await Promise.all(pairs.map(async (one) => ((await answers(transport, one)) ? one : undefined)))
  return found.filter((one) => one !== undefined)
}

async function answers(transport: Transport, to: Reached): Promise<boolean> {
  try {
    const socket = await transport.connect(to, AbortSignal.timeout(LIMIT))
    socket.destroy()
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  }
}

function hostsOf(all: readonly Reached[]): string {
  return [...new Set(all.map(({ host }) => host))].join(', ')
}

/** Only somebody outside could see it, so what was open is told. */
async function refused({ transport }: Machine, wanted: readonly number[]): Promise<Proof> {
  const open = await listening(transport)
  const ports = wanted.length > 0 ? open.filter((port) => wanted.includes(port)) : open
  if (ports.length === 0)
    throw new CheckFailure(
      `nothing of ${MACHINE} listens ${wanted.length > 0 ? `on ${wanted.join(', ')} ` : ''}where others could reach it`,
    )
  const evidence = `${ports.join(', ')} of ${MACHINE} refuse those who come from outside, but for sessions over SSH`
  return { ports, counts: false, after: async () => ({ yes: true, evidence }) }
}

/** Ports that others can connect to; those on loopback are out of their reach. */
async function listening(transport: Transport): Promise<number[]> {
  const said = await demand(transport, 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true')
  const ports = said.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    if (state !== '0A' || /^(.{6}7F|0{24}0{6}01|0{24}01000000|0{16}FFFF0000.{6}7F)$/.test(address)) return []
    return [Number.parseInt(port, 16)]
  })
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** A name that nobody has shows that nobody is asked, too. */
async function unknown({ transport }: Machine, names: readonly string[]): Promise<Proof> {
  const asked = names.length > 0 ? names : ['shakedown.invalid']
  const lookUp = async () => {
    const all = await Promise.all(
      asked.map(async (name) => [name, await ask(transport, `timeout 3 getent ahosts ${quote(name)}`)] as const),
    )
    return all.filter(([, { code }]) => code === 0).map(([name]) => name)
  }
  return {
    ports: [],
    counts: true,
    after: async () => {
      const still = await lookUp()
      if (still.length > 0) return { yes: false, why: `${still.join(', ')} can still be looked up` }
      return { yes: true, evidence: `${asked.join(', ')} can't be looked up` }
    },
  }
}

/** Test packets go to the gateway, else to an address of an own network: they need not arrive. */
async function lossy({ transport }: Machine, count: number): Promise<Proof> {
  const { gateway, networks } = await routesOf(transport)
  const to = gateway ?? networks[0]?.some
  if (to === undefined) throw new CheckFailure(`${MACHINE} has no network but its loopback: there is nothing to lose`)
  return {
    ports: [],
    counts: true,
    after: async (signal) => {
      await demand(transport, sendScript(to, Math.min(200_000, Math.max(300, count))), { signal })
      return { yes: true, evidence: `test packets to ${to} were lost` }
    },
  }
}

/** A packet that a rule drops on its way out comes back as an error, which is what is meant here; half a second of them is enough. */
function sendScript(to: string, count: number): string {
  return `if command -v perl >/dev/null; then
  perl -e 'use Socket; use Time::HiRes "time"; my ($to, $n) = @ARGV; socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
    my $at = sockaddr_in(${DISCARD}, inet_aton($to)); my $end = time + 1; my $packet = "x" x 1200;
    for (1 .. $n) { send($s, $packet, 0, $at); last if time > $end }' ${to} ${count}
elif command -v bash >/dev/null; then
  timeout 2 bash -c 'for ((i = 0; i < $2; i++)); do printf %1200s x >/dev/udp/$1/${DISCARD}; done' bash ${to} ${count} 2>/dev/null
else
  echo "test packets need perl or bash, and neither is there" >&2
  exit 1
fi
true`
}
