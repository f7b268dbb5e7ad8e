/** A network rule as text for `nft` (nftables(8)), in a table of its own whose elements end by themselves. */
import type { NetworkRule } from '../../contracts/target.ts'

/** Seconds that elements live without being renewed. */
export const LEASE = 10
/** A redirect of a delay leads here: nobody else's port, since the namespace is the service's. */
export const PROXY_PORT = 61_817
/** Marks what the proxy sends, so that it is not sent to the proxy again. */
export const PROXY_MARK = 0x5d

export interface RuleText {
  /** Makes the table. */
  readonly rules: string
  /** Gives its elements their time anew, in one transaction: adding again does not renew, and a gap would let packets through. */
  readonly renew: string
}

/** A session over SSH that no rule may match: who is at the other end, and the port that the server listens on. */
export interface Session {
  readonly client: string
  readonly port: number
}

/**
 * `peers` are the addresses of those that the rule names. On a machine that others are on, too, `spared` says which sessions
 * are let through; peers may then be networks.
 */
export function ruleText(
  table: string,
  rule: NetworkRule,
  peers: readonly string[],
  spared?: readonly Session[],
): RuleText {
  const sets = setsOf(spared ? undefined : rule, peers)
  const chains = spared && rule.is === 'drop' ? networkDrops(rule.direction, peers) : chainsOf(rule)
  const body = [...sets.map(declared), 'counter hit { }', ...chains.map((one) => textOf(one, rule, spared))]
  return {
    rules: `table inet ${table} {\n${body.join('\n')}\n}\n`,
    renew: sets
      .filter(({ elements }) => elements.length > 0)
      .map((set) => renewed(table, set))
      .join(''),
  }
}

interface TimedSet {
  readonly name: string
  readonly type: string
  readonly elements: readonly string[]
}

/** What knows no peers is bound to a set of protocols (TCP, UDP, ICMP, ICMPv6), only so that it ends when nobody renews it. */
function setsOf(rule: NetworkRule | undefined, peers: readonly string[]): TimedSet[] {
  if (rule?.is !== 'drop') return [{ name: 'alive', type: 'inet_proto', elements: ['6', '17', '1', '58'] }]
  return [
    { name: 'peers4', type: 'ipv4_addr', elements: peers.filter((address) => !address.includes(':')) },
    { name: 'peers6', type: 'ipv6_addr', elements: peers.filter((address) => address.includes(':')) },
  ]
}

function declared({ name, type, elements }: TimedSet): string {
  const timed = elements.map((element) => `${element} timeout ${LEASE}s`).join(', ')
  return `set ${name} { type ${type}; flags timeout; ${timed === '' ? '' : `elements = { ${timed} };`} }`
}

function renewed(table: string, { name, elements }: TimedSet): string {
  const plain = elements.join(', ')
  const timed = elements.map((element) => `${element} timeout ${LEASE}s`).join(', ')
  return `add element inet ${table} ${name} { ${timed} }
delete element inet ${table} ${name} { ${plain} }
add element inet ${table} ${name} { ${timed} }
`
}

const HIT = 'counter name hit'
const LIVING = 'meta l4proto @alive'

interface Chain {
  readonly hook: 'input' | 'output'
  readonly rules: readonly string[]
  readonly priority: number
}

/** A priority before the usual filters cuts established connections, too. */
const chain = (hook: Chain['hook'], rules: readonly string[], priority = -10): Chain => ({ hook, rules, priority })

function textOf(made: Chain | string, { is }: NetworkRule, spared: readonly Session[] | undefined): string {
  if (typeof made === 'string') return made
  const { hook, priority } = made
  // Questions to a resolver of the machine itself go over its loopback.
  const loopback = is === 'dns' ? [] : [`${hook === 'input' ? 'iif' : 'oif'} "lo" accept`]
  const rules = spared ? [...loopback, ...passes(hook, spared), ...made.rules] : made.rules
  return `chain ${hook} { type filter hook ${hook} priority ${priority}; policy accept;\n${rules.join('\n')}\n}`
}

/** IPv6 finds its neighbours by ICMP: without that, a session would end with the neighbour's entry. */
const NEIGHBOURS = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept'

/** The port of the client changes when it connects again, so it is left out. */
function passes(hook: Chain['hook'], spared: readonly Session[]): string[] {
  const [from, to] = hook === 'input' ? ['saddr', 'dport'] : ['daddr', 'sport']
  return [
    NEIGHBOURS,
    ...spared.map(
      ({ client, port }) => `${client.includes(':') ? 'ip6' : 'ip'} ${from} ${client} tcp ${to} ${port} accept`,
    ),
  ]
}

function chainsOf(rule: NetworkRule): (Chain | string)[] {
  if (rule.is === 'drop') return dropChains(rule.direction)
  if (rule.is === 'loss') {
    const lose = `${LIVING} numgen random mod 10000 <= ${Math.max(1, Math.round(rule.percent * 100)) - 1} ${HIT} drop`
    return [chain('input', [`iifname != "lo" ${lose}`]), chain('output', [`oifname != "lo" ${lose}`])]
  }
  if (rule.is === 'rate')
    return [chain('output', [`oifname != "lo" ${LIVING} limit rate over ${rule.bytes} bytes/second ${HIT} drop`])]
  if (rule.is === 'reject') return [chain('input', rejections(rule.ports))]
  if (rule.is === 'dns') return [chain('output', dnsRules(rule.names), BEFORE_NAT)]
  return redirects
}

function dropChains(direction: 'in' | 'out' | 'both'): Chain[] {
  const from = [`ip saddr @peers4 ${HIT} drop`, `ip6 saddr @peers6 ${HIT} drop`]
  const to = [`ip daddr @peers4 ${HIT} drop`, `ip6 daddr @peers6 ${HIT} drop`]
  return [...(direction === 'out' ? [] : [chain('input', from)]), ...(direction === 'in' ? [] : [chain('output', to)])]
}

/** Peers that may be networks stand in the rules themselves, and those end with the set of protocols. */
function networkDrops(direction: 'in' | 'out' | 'both', peers: readonly string[]): Chain[] {
  const dropped = (way: 'saddr' | 'daddr') =>
    peers.map((peer) => `${peer.includes(':') ? 'ip6' : 'ip'} ${way} ${peer} ${LIVING} ${HIT} drop`)
  return [
    ...(direction === 'out' ? [] : [chain('input', dropped('saddr'))]),
    ...(direction === 'in' ? [] : [chain('output', dropped('daddr'))]),
  ]
}

/**
 * What is refused is told by the ports that the service listens on, which the helper fills in: answers to connections that
 * the service has made itself come in, too, and have to pass.
 */
function rejections(ports: readonly number[]): string[] {
  const reject = (what: string) => `iifname != "lo" ${LIVING} ${what} ${HIT} reject with tcp reset`
  const asked = 'tcp flags & (fin | syn | rst | ack) == syn'
  if (ports.length > 0) return [reject(`tcp dport { ${ports.join(', ')} }`)]
  return [reject(asked), reject('tcp dport { LISTENING }')]
}

/** Docker sends questions to its own resolver by a redirect in the namespace, so they are caught before that. */
const BEFORE_NAT = -150

function dnsRules(names: readonly string[]): string[] {
  const refuse = `${HIT} reject`
  if (names.length === 0) return [`${LIVING} udp dport 53 ${refuse}`, `${LIVING} tcp dport 53 ${refuse}`]
  return names.map((name) => `${LIVING} udp dport 53 ${questionFor(name)} ${refuse}`)
}

/** The name as it stands in a question (RFC 1035, 4.1.2), 16 bytes a match; what a search domain appends does not matter. */
function questionFor(name: string): string {
  const labels = name.split('.').filter(Boolean)
  const bytes = Buffer.concat(
    labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label.toLowerCase())]),
  )
  const matches: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const piece = bytes.subarray(at, at + 16)
    matches.push(`@th,${(8 + 12 + at) * 8},${piece.length * 8} 0x${piece.toString('hex')}`)
  }
  return matches.join(' ')
}

/** What comes and what goes is led to the proxy, but for what the proxy itself sends. */
const redirects = [
  `chain incoming { type nat hook prerouting priority -100; iifname != "lo" ${LIVING} meta l4proto tcp ${HIT} redirect to :${PROXY_PORT}; }`,
  `chain outgoing { type nat hook output priority -110; oifname != "lo" meta mark != ${PROXY_MARK} ${LIVING} meta l4proto tcp ${HIT} redirect to :${PROXY_PORT}; }`,
]
