/** Why a machine can't be broken in some way: only looked up, nothing is changed. */
import { MACHINE, type NetworkRule, type Verbs } from '../../contracts/target.ts'
import { ruleText } from '../network/rules.ts'
import { ask } from './ask.ts'
import type { Machine } from './machine.ts'
import { sessionsOf } from './sessions.ts'

export async function lacksOf(
  machine: Machine,
  verb: keyof Verbs,
  rule: NetworkRule | undefined,
): Promise<string | undefined> {
  const { transport } = machine
  const { out, code } = await ask(transport, 'uname -s; id -u; [ -r /proc/self/environ ] && echo proc')
  const [system, user, proc] = out.split('\n')
  if (code !== 0 || system !== 'Linux' || proc !== 'proc')
    return `faults of \`${MACHINE}\` need Linux with a /proc, and ${transport.address} is ${system || 'something else'}`
  if (user !== '0') {
    const become =
      transport.address === 'local' ? 'run it as root' : 'write `become: true` beside `ssh:`, or log in as root'
    return `faults of \`${MACHINE}\` need root on ${transport.address}: ${become}`
  }
  if (verb === 'network') return lacksNetwork(machine, rule ?? { is: 'drop', peers: [], direction: 'both' })
  if (verb === 'readOnly') return lacksMounts(machine)
  if (verb === 'cpu') return lacksPriority(machine)
  if (verb === 'hold' && !transport.spawn) return `nothing can be held on ${transport.address}`
  return undefined
}

/** The kernel is asked whether it would take the rules, and takes none. */
async function lacksNetwork(machine: Machine, rule: NetworkRule): Promise<string | undefined> {
  const { transport } = machine
  if (rule.is === 'delay')
    return `packets of \`${MACHINE}\` can't be delayed: that can be held back from our own way there by no lease, and is not tried. Delay a service, or use \`loss\` or \`rate\``
  if ((await ask(transport, 'command -v nft')).code !== 0)
    return `faults of the network of \`${MACHINE}\` need \`nft\` on ${transport.address} (apt-get install nftables)`
  const sessions = await sessionsOf(machine)
  if (typeof sessions === 'string') return sessions
  const { rules } = ruleText('shakedown_check', rule, rule.is === 'drop' ? ['192.0.2.1'] : [], sessions)
  const tried = await ask(transport, 'nft -c -f -', { stdin: rules.replace('LISTENING', '1') })
  return tried.code === 0
    ? undefined
    : `the kernel of ${transport.address} refuses the rules: ${firstLine(tried.words)}`
}

async function lacksMounts({ transport }: Machine): Promise<string | undefined> {
  const script = 'command -v mount umount >/dev/null || { echo "there is no mount"; exit 1; }\nunshare -m true'
  const { code, words } = await ask(transport, script)
  return code === 0 ? undefined : `folders of ${transport.address} can't be mounted again: ${firstLine(words)}`
}

async function lacksPriority({ transport }: Machine): Promise<string | undefined> {
  const { code, words } = await ask(
    transport,
    'command -v perl >/dev/null || { echo "there is no perl"; exit 1; }\nnice -n -20 true',
  )
  return code === 0 ? undefined : `processor time of ${transport.address} can't be taken: ${firstLine(words)}`
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
