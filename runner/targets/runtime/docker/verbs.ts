/** The changes that this runtime makes to its services: made through the Engine, undone by shell. */
import { constants } from 'node:os'
import { quote } from '../../../contracts/command.ts'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { NetworkRule, Verbs } from '../../../contracts/target.ts'
import type { Change, Effective } from '../../../contracts/undo.ts'
import { type At, about, type Parts } from './about.ts'
import { limitCpu } from './cpu.ts'
import type { Group } from './group.ts'
import { named } from './group.ts'
import { holdInside } from './hold.ts'
import type { Inspection } from './inspection.ts'
import { disconnectFrom } from './networks.ts'
import { remove, withEnvironment, withImage } from './remake.ts'
import { runAll, startAll, stopAll, stoppedAll, unpauseAll, unpausedAll } from './scripts.ts'

/** Docker gives a container 10 s to stop, or as long as it was told; then it kills it. */
const STOPS_WITHIN = 120_000

/** What verbs need beside their containers. */
export interface Doing {
  /** Prelude of undo scripts. */
  readonly shell: string
  network(group: Group, rule: NetworkRule): Promise<Change>
  scale: ((group: Group, to: number) => Promise<Change>) | undefined
  lacks(group: Group, verb: keyof Verbs, rule: NetworkRule | undefined): Promise<string | undefined>
}

export function verbsOf(group: Group, doing: Doing): Partial<Verbs> {
  const at = { group, shell: doing.shell }
  return {
    start: () => start(at),
    stop: () => stop(at),
    kill: async (signal) => kill(at, signalOf(signal)),
    pause: () => pause(at),
    restart: () => restart(at),
    signal: async (name) => signal(at, signalOf(name)),
    remove: (options) => remove(at, options?.volumes === 'keep'),
    environment: (values) => withEnvironment(at, values),
    image: (name) => withImage(at, name),
    disconnect: (network) => disconnectFrom(at, network),
    cpu: (cores) => limitCpu(at, cores),
    hold: (what) => holdInside(at, what),
    network: (rule) => doing.network(group, rule),
    ...(doing.scale ? { scale: (to: number) => (doing.scale as NonNullable<Doing['scale']>)(group, to) } : {}),
  }
}

async function stop(at: At): Promise<Change> {
  const all = await running(at.group)
  return {
    ...about(at, `stops ${at.group.name}`, backRunning(at, all)),
    apply: (signal) => tell(at, all, 'stop', signal),
    inEffect: () => exited(at.group),
  }
}

async function kill(at: At, name: string): Promise<Change> {
  const all = await running(at.group)
  return {
    ...about(at, `sends ${name} to ${at.group.name}`, backRunning(at, all)),
    apply: (signal) => tell(at, all, `kill?signal=${name}`, signal),
    inEffect: () => exited(at.group),
  }
}

async function pause(at: At): Promise<Change> {
  const { group } = at
  const all = await running(group)
  const undo = { title: `${group.name} goes on`, sh: unpauseAll(all.map(named)), verify: unpausedAll(all.map(named)) }
  return {
    ...about(at, `freezes ${group.name}`, undo),
    apply: (signal) => tell(at, all, 'pause', signal),
    inEffect: () => inState(group, 'paused', `${group.name} is paused`),
  }
}

async function start(at: At): Promise<Change> {
  const { group } = at
  const all = (await group.present()).filter(({ State }) => !State.Running)
  if (all.length === 0)
    return { ...about(at, `starts ${group.name}, which runs already`), apply: async () => undefined }
  const undo = { title: `${group.name} is stopped`, sh: stopAll(all.map(named)), verify: stoppedAll(all.map(named)) }
  return {
    ...about(at, `starts ${group.name}`, undo),
    apply: (signal) => tell(at, all, 'start', signal),
    inEffect: () => inState(group, 'running', `${group.name} runs`),
  }
}

/** Done when applied: the other start time shows it, and there is nothing to put back. */
async function restart(at: At): Promise<Change> {
  const all = await at.group.present()
  const before = all.map(({ State }) => State.StartedAt)
  return {
    ...about(at, `restarts ${at.group.name}`),
    apply: (signal) => tell(at, all, 'restart', signal),
    inEffect: async () => {
      const now = await at.group.look()
      const same = now.find(({ State }) => before.includes(State.StartedAt))
      if (same) return { yes: false, why: `${at.group.name} was not started again` }
      return inState(at.group, 'running', `${at.group.name} runs anew`)
    },
  }
}

/** To its first process alone: a reload is meant for whoever is in charge. */
async function signal(at: At, name: string): Promise<Change> {
  const all = await running(at.group)
  return {
    ...about(at, `sends ${name} to ${at.group.name}`),
    apply: (aborted) => tell(at, all, `kill?signal=${name}`, aborted),
  }
}

/** The same without the runner. By name, since it may be another container by then. */
export async function signalScript({ group, shell }: At, said: string): Promise<string> {
  const name = signalOf(said)
  const names = (await group.present()).map((one) => named(one).name)
  return `${shell}
for one in ${names.map(quote).join(' ')}; do
  look "$one"
  [ "$state" = running ] || continue
  api POST "/containers/$one/kill?signal=${name}"
  case $status in 204 | 404 | 409) ;; *) refuse "${name} can't be sent to $one: $(said)" ;; esac
done
exit 0`
}

function backRunning({ group }: At, all: readonly Inspection[]): Parts {
  const containers = all.map(named)
  return { title: `${group.name} is running`, sh: startAll(containers), verify: runAll(containers) }
}

/** Throws a CheckFailure: what does not run can't be broken. */
async function running(group: Group): Promise<readonly Inspection[]> {
  const all = (await group.present()).filter(({ State }) => State.Status === 'running')
  if (all.length > 0) return all
  throw new CheckFailure(`${group.name} is not running`, { hint: 'start it or restore it first' })
}

/** One that is in that state already answers 304 or 409, and the check of the effect tells. */
async function tell({ group }: At, all: readonly Inspection[], verb: string, signal: AbortSignal): Promise<void> {
  await Promise.all(
    all.map(({ Id }) => group.engine.bytes('POST', `/containers/${Id}/${verb}`, { timeout: STOPS_WITHIN, signal })),
  )
}

async function exited(group: Group): Promise<Effective> {
  const all = await group.look()
  const up = all.find(({ State }) => State.Running)
  if (up) return { yes: false, why: `${group.name} is still ${up.State.Status}` }
  const codes = all.map(({ State }) => `${State.ExitCode}${State.OOMKilled ? ' (out of memory)' : ''}`)
  return { yes: true, evidence: `${group.name} exited with ${codes.join(', ')}` }
}

async function inState(group: Group, state: string, evidence: string): Promise<Effective> {
  const other = (await group.look()).find(({ State }) => State.Status !== state)
  return other ? { yes: false, why: `${group.name} is ${other.State.Status}` } : { yes: true, evidence }
}

function signalOf(name: string): string {
  const full = `SIG${name.replace(/^SIG/i, '').toUpperCase()}`
  if (full in constants.signals) return full
  throw new CheckFailure(`there is no signal "${name}"`)
}
