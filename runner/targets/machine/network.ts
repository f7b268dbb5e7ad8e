/**
 * A network rule on the machine itself: a table of our own whose rules end by themselves within the lease, renewed by the
 * runner. Sessions over SSH and the loopback are never matched.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE, type NetworkRule } from '../../contracts/target.ts'
import type { Change, Effective } from '../../contracts/undo.ts'
import { LEASE, type RuleText, ruleText } from '../network/rules.ts'
import { aboutMachine, ask, demand } from './ask.ts'
import type { Machine } from './machine.ts'
import { addressesOf } from './peers.ts'
import { counted, type Proof, proofOf } from './proof.ts'
import { sessionsOf } from './sessions.ts'

const RENEW_EVERY = 3_000

export async function shapeMachine(machine: Machine, rule: NetworkRule): Promise<Change> {
  if (rule.is === 'delay') throw new CheckFailure(`packets of ${MACHINE} can't be delayed`)
  const { transport } = machine
  const sessions = await sessionsOf(machine)
  if (typeof sessions === 'string') throw new CheckFailure(sessions)
  const peers = rule.is === 'drop' ? await addressesOf(machine, rule.peers) : []
  const proof = await proofOf(machine, rule, peers)
  const table = `shakedown_${randomBytes(6).toString('hex')}`
  const text = ruleText(table, rule, peers, sessions)
  let said: Effective | undefined
  return {
    ...aboutMachine(wordsOf(rule), {
      title: `the network of ${MACHINE} is as it was`,
      sh: undoScript(table),
      verify: verifyScript(table),
      ends: { by: 'lease', seconds: LEASE },
    }),
    apply: async (signal) => {
      await demand(transport, 'nft -f -', { stdin: text.rules.replace('LISTENING', proof.ports.join(', ')), signal })
      renew(machine, text)
    },
    inEffect: async (signal) => (said ??= await tried(machine, proof, table, signal)),
    within: 0,
  }
}

function wordsOf(rule: NetworkRule): string {
  if (rule.is === 'drop') {
    const ways = { in: 'drops what comes from', out: 'drops what goes to', both: 'drops what goes to and comes from' }
    return `${ways[rule.direction]} ${rule.peers.join(', ')} at ${MACHINE}`
  }
  if (rule.is === 'loss') return `loses ${rule.percent} % of the packets of ${MACHINE}`
  if (rule.is === 'rate') return `lets through no more than ${rule.bytes} bytes a second of ${MACHINE}`
  if (rule.is === 'reject')
    return `refuses connections${rule.ports.length > 0 ? ` on ${rule.ports.join(', ')}` : ''} to ${MACHINE}`
  if (rule.is === 'dns')
    return `refuses to look up ${rule.names.length > 0 ? rule.names.join(', ') : 'names'} for ${MACHINE}`
  return `delays the packets of ${MACHINE}`
}

async function tried(machine: Machine, proof: Proof, table: string, signal: AbortSignal): Promise<Effective> {
  const seen = await proof.after(signal)
  if (!seen.yes || !proof.counts) return seen
  const hits = await counted(machine.transport, table)
  if (hits > 0) return { yes: true, evidence: `${seen.evidence}; ${hits} packets so far` }
  return { yes: false, why: 'no packet was touched: the rules match nothing' }
}

/** Until the table is gone, which the undo sees to. One whose lease is over is not brought to life again. */
function renew({ transport }: Machine, { renew: text }: RuleText): void {
  let last = performance.now()
  const loop = async () => {
    while (true) {
      await sleep(RENEW_EVERY, undefined, { ref: false })
      if (performance.now() - last > LEASE * 1_000) return
      const before = performance.now()
      const { code } = await ask(transport, 'nft -f -', { stdin: text })
      if (code !== 0) return
      last = before
    }
  }
  // The way there may be cut for a moment: the lease then ends the rules, and that is told by what the plan sees.
  loop().catch(() => undefined)
}

function undoScript(table: string): string {
  return `all=$(nft list tables) || exit 1
case "$all" in *"inet ${table}"*) nft delete table inet ${table} ;; esac`
}

function verifyScript(table: string): string {
  return `all=$(nft list tables) || exit 1
case "$all" in *"inet ${table}"*) echo "the table ${table} is still there"; exit 1 ;; esac`
}
