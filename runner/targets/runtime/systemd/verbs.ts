/** The changes that this runtime makes to its services: their undo is shell, and good without the runner. */
import { quote } from '../../../contracts/command.ts'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Verbs } from '../../../contracts/target.ts'
import type { Change, Effective } from '../../../contracts/undo.ts'
import { about, apply, type Parts, running, signalOf } from './about.ts'
import { endedWith, startedWith, stoppedWith } from './affected.ts'
import { limitCpu } from './cpu.ts'
import { withEnvironment } from './environment.ts'
import type { KnownUnit } from './known.ts'
import { continueScript, isRunning, isStopped, startScript, stopScript } from './scripts.ts'
import { exitOf, isUp, stateOf, type Unit } from './unit.ts'

export function verbsOf(known: KnownUnit): Partial<Verbs> {
  return {
    start: () => start(known),
    stop: () => stop(known),
    kill: async (signal) => kill(known, signalOf(signal)),
    pause: () => pause(known),
    restart: () => restart(known),
    signal: async (name) => signal(known, signalOf(name)),
    environment: (values) => withEnvironment(known, values),
    cpu: (cores) => limitCpu(known, cores),
  }
}

async function stop(known: KnownUnit): Promise<Change> {
  const { name, unit } = known
  await running(known)
  await spareTheWayHere(known)
  const others = await stoppedWith(known)
  const does = others.length === 0 ? `stops ${name}` : `stops ${name}, and with it ${others.join(', ')}`
  return {
    ...about(known, does, backRunning(known, others)),
    apply: (signal) => apply(known, stopScript(unit), { signal }),
    inEffect: async () => hasEnded(known, await known.look()),
  }
}

/** Every process of the unit is told, as a terminal would. What comes then is up to systemd, and told. */
async function kill(known: KnownUnit, name: string): Promise<Change> {
  const { unit } = known
  const before = await running(known)
  await spareTheWayHere(known)
  return {
    ...about(
      known,
      `sends SIG${name} to ${known.name}${afterwards(before)}`,
      backRunning(known, await endedWith(known)),
    ),
    apply: (signal) =>
      apply(known, `systemctl --no-ask-password kill --kill-who=all -s ${name} -- ${quote(unit)}`, { signal }),
    inEffect: async () => wasKilled(known, before, await known.look()),
  }
}

/** Frozen where systemd can do that, which takes a pure cgroup v2; else every process is stopped by a signal. */
async function pause(known: KnownUnit): Promise<Change> {
  const { name, unit, journal } = known
  const { invocation } = await running(known)
  await spareTheWayHere(known)
  const undo = { title: `${name} goes on`, sh: continueScript(unit, invocation), verify: isRunning(unit) }
  return {
    ...about(known, `freezes ${name}`, undo),
    apply: async (signal) => {
      await apply(known, freezeScript(unit), { signal })
      journal.wake(unit, `${name} was paused`)
    },
    inEffect: async () => {
      const now = await known.look()
      if (isUp(now) && now.paused) return { yes: true, evidence: `${name} is paused (process ${now.pid})` }
      return { yes: false, why: `${name} is ${stateOf(now, 'none').state}` }
    },
  }
}

function freezeScript(unit: string): string {
  return `unit=${quote(unit)}
[ -e /sys/fs/cgroup/cgroup.controllers ] && systemctl --no-ask-password freeze -- "$unit" 2>/dev/null && exit 0
systemctl --no-ask-password kill --kill-who=all -s STOP -- "$unit"`
}

async function start(known: KnownUnit): Promise<Change> {
  const { name, unit } = known
  const now = await known.look()
  if (!now.known) throw new CheckFailure(`${name} can’t be started: systemd knows no ${unit}`)
  if (isUp(now)) return { ...about(known, `starts ${name}, which runs already`), apply: async () => undefined }
  const others = await startedWith(known)
  const undo = { title: `${name} is stopped`, sh: stopScript(unit, others), verify: isStopped(unit, others) }
  const does = others.length === 0 ? `starts ${name}` : `starts ${name}, and with it ${others.join(', ')}`
  return {
    ...about(known, does, undo),
    apply: (signal) => apply(known, startScript(unit), { signal }),
    inEffect: async () => runsSince(known, undefined),
  }
}

/** Done when applied: the other invocation shows it, and there is nothing to put back. */
async function restart(known: KnownUnit): Promise<Change> {
  const { name, unit } = known
  await spareTheWayHere(known)
  const before = await known.look()
  const script = `systemctl reset-failed -- ${quote(unit)} 2>/dev/null
systemctl --no-ask-password restart -- ${quote(unit)}`
  return {
    ...about(known, `restarts ${name}`),
    apply: (signal) => apply(known, script, { signal }),
    inEffect: async () => runsSince(known, before),
  }
}

/** To its first process alone: a reload is meant for whoever is in charge. */
async function signal(known: KnownUnit, name: string): Promise<Change> {
  const { unit } = known
  await running(known)
  return {
    ...about(known, `sends SIG${name} to ${known.name}`),
    apply: (aborted) =>
      apply(known, `systemctl --no-ask-password kill --kill-who=main -s ${name} -- ${quote(unit)}`, {
        signal: aborted,
      }),
  }
}

function backRunning({ name, unit }: KnownUnit, others: readonly string[]): Parts {
  return { title: `${name} is running`, sh: startScript(unit, others), verify: isRunning(unit, others) }
}

/** Throws a CheckFailure: a fault must never cut the way on which it is undone. */
async function spareTheWayHere({ machine, name, unit }: KnownUnit): Promise<void> {
  const ours = await machine.ask('cat /proc/self/cgroup')
  if (!ours.split('\n').some((line) => line.split(/[:/]/).includes(unit))) return
  throw new CheckFailure(
    `${name} is what we reach ${machine.transport.address} through: ${unit} can’t be broken from here`,
  )
}

function afterwards({ properties }: Unit): string {
  const { Restart: restart = 'no', RestartUSec: after } = properties
  if (restart === 'no') return ''
  return `; systemd starts it again${after === undefined ? '' : ` after ${after}`} (Restart=${restart})`
}

export async function runsSince(known: KnownUnit, before: Unit | undefined): Promise<Effective> {
  const now = await known.look()
  if (now.active === 'failed') return { yes: false, why: endOf(known.name, now) }
  if (!isUp(now) || now.paused) return { yes: false, why: `${known.name} is ${now.active} (${now.sub})` }
  if (before && now.invocation === before.invocation) return { yes: false, why: `${known.name} was not started again` }
  return {
    yes: true,
    evidence: now.pid === undefined ? `${known.unit} is active` : `${known.name} runs as process ${now.pid}`,
  }
}

function hasEnded({ name, unit }: KnownUnit, now: Unit): Effective {
  if (now.active === 'inactive' || now.active === 'failed') return { yes: true, evidence: endOf(name, now) }
  const by = now.properties['TriggeredBy']
  const again = isUp(now) && by ? `: ${by} starts it again, so break that as well` : ''
  return { yes: false, why: `${unit} is still ${now.active} (${now.sub})${again}` }
}

/** Its main process is another one, or there is none; systemd counts what it starts again by itself. */
function wasKilled(known: KnownUnit, before: Unit, now: Unit): Effective {
  const { name } = known
  if (now.restarts > before.restarts) {
    const pid = now.pid === undefined ? '' : ` as process ${now.pid}`
    return { yes: true, evidence: `${name} ended, and systemd started it again${pid} (restart ${now.restarts})` }
  }
  if (now.sub.startsWith('auto-restart')) {
    const { RestartUSec: after = 'a while' } = now.properties
    return { yes: true, evidence: `${endOf(name, now)}, and systemd starts it again after ${after}` }
  }
  if (now.pid !== undefined && now.pid === before.pid)
    return { yes: false, why: `${name} is still running as process ${now.pid}` }
  if (now.pid !== undefined && now.invocation !== before.invocation)
    return { yes: true, evidence: `${name} ended, and was started again as process ${now.pid}` }
  return hasEnded(known, now)
}

function endOf(name: string, now: Unit): string {
  const exit = exitOf(now)
  const why = stateOf(now, 'none').why
  return `${name} ${exit === undefined ? 'is stopped' : `exited with ${exit}`}${why === undefined ? '' : ` (${why})`}`
}
