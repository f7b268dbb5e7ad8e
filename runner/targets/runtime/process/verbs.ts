/** The changes that this runtime makes to its services: their undo is shell, and good without the runner. */
import { constants } from 'node:os'
import { CheckFailure, TargetError } from '../../../contracts/errors.ts'
import type { Verbs } from '../../../contracts/target.ts'
import type { Change, Effective, Undo } from '../../../contracts/undo.ts'
import type { ProcessService } from './known.ts'
import type { Alive } from './process-table.ts'
import { continueScript, isRunning, isStopped, type StopBy, startScript, stopScript } from './scripts.ts'

const SETTLES = 10_000
/** Longer than any script takes by itself, apart from a service's own grace. */
const SCRIPT_LIMIT = 20_000

export function verbsOf(service: ProcessService): Partial<Verbs> {
  return {
    start: async () => start(service),
    stop: async () => stop(service),
    kill: async (signal) => kill(service, signalOf(signal)),
    pause: async () => pause(service, await running(service)),
    restart: async () => restart(service),
    signal: async (name) => signal(service, signalOf(name)),
  }
}

async function stop(service: ProcessService): Promise<Change> {
  await running(service)
  return {
    ...about(service, `stops ${service.name}`, backRunning(service)),
    apply: (signal) => runStop(service, signal),
    inEffect: async () => isGone(service),
  }
}

/** The group is told, as a terminal would: a service is all of its processes. */
async function kill(service: ProcessService, name: NodeJS.Signals): Promise<Change> {
  await running(service)
  return {
    ...about(service, `sends ${name} to ${service.name}`, backRunning(service)),
    apply: async () => service.machine.send(await running(service), name, 'group'),
    inEffect: async () => isGone(service),
  }
}

function pause(service: ProcessService, { pid, started }: Alive): Change {
  const { name } = service
  const { stack } = service.machine
  const undo = {
    title: `${name} goes on`,
    sh: continueScript(stack, name, { pid, started }),
    verify: isRunning(stack, name),
  }
  return {
    ...about(service, `freezes ${name}`, undo),
    apply: async () => {
      await service.machine.send(await running(service), 'SIGSTOP', 'group')
      service.wake('paused')
    },
    inEffect: async () => {
      const alive = await service.alive()
      if (alive?.stopped) return { yes: true, evidence: `${name} is paused (process ${alive.pid})` }
      return { yes: false, why: `${name} is ${alive ? 'running' : 'gone'}` }
    },
  }
}

async function start(service: ProcessService): Promise<Change> {
  const { name } = service
  const { stack } = service.machine
  if (await service.alive())
    return { ...about(service, `starts ${name}, which runs already`), apply: async () => undefined }
  const undo = {
    title: `${name} is stopped`,
    sh: stopScript(stack, name, service.stop),
    verify: isStopped(stack, name),
  }
  return {
    ...about(service, `starts ${name}`, undo),
    apply: (signal) => runScript(service, startScript(stack, name), signal),
    inEffect: async () => isUp(service, undefined),
  }
}

/** Done when applied: the other start time shows it, and there is nothing to put back. */
function restart(service: ProcessService): Change {
  let before: Alive | undefined
  return {
    ...about(service, `restarts ${service.name}`),
    apply: async (signal) => {
      before = await service.alive()
      await runStop(service, signal)
      await runScript(service, startScript(service.machine.stack, service.name), signal)
    },
    inEffect: async () => isUp(service, before),
  }
}

/** To its first process alone: a reload is meant for whoever is in charge. */
function signal(service: ProcessService, name: NodeJS.Signals): Change {
  return {
    ...about(service, `sends ${name} to ${service.name}`),
    apply: async () => {
      await service.machine.send(await running(service), name, 'leader')
    },
  }
}

function about(service: ProcessService, does: string, undo?: Pick<Undo, 'title' | 'sh' | 'verify'>) {
  const touches = [{ service: service.name }]
  if (!undo) return { does, touches, without: 'not-needed' } as const
  return {
    does,
    touches,
    undo: { of: 'fault', settles: SETTLES, touches, goesWithStack: true, ends: { by: 'undo' }, ...undo },
  } as const
}

function backRunning({ name, machine: { stack } }: ProcessService): Pick<Undo, 'title' | 'sh' | 'verify'> {
  return { title: `${name} is running`, sh: startScript(stack, name), verify: isRunning(stack, name) }
}

/** Throws a CheckFailure: what does not run can't be broken. */
async function running({ name, alive }: ProcessService): Promise<Alive> {
  const now = await alive()
  if (now) return now
  throw new CheckFailure(`${name} is not running`, { hint: 'start it or restore it first' })
}

function signalOf(name: string): NodeJS.Signals {
  const full = `SIG${name.replace(/^SIG/i, '').toUpperCase()}` as NodeJS.Signals
  if (full in constants.signals) return full
  throw new CheckFailure(`there is no signal "${name}"`)
}

function runStop(service: ProcessService, signal: AbortSignal): Promise<void> {
  const { machine, name, stop: by } = service
  return runScript(service, stopScript(machine.stack, name, by satisfies StopBy), signal, by.grace * 10)
}

async function runScript(service: ProcessService, script: string, signal: AbortSignal, more = 0): Promise<void> {
  const exit = await service.transport.exec({ sh: script }, { timeout: SCRIPT_LIMIT + more }, signal)
  if (exit.code === 0) return
  const said = Buffer.from(exit.stderr).toString().trim()
  const logs = [{ service: service.name, lines: await service.lastLines() }]
  throw new TargetError(said || `${service.name}: a script of its runtime exits with ${exit.code}`, {
    details: { logs },
  })
}

async function isGone(service: ProcessService): Promise<Effective> {
  const { alive, exit: code } = await service.look()
  if (alive) return { yes: false, why: `${service.name} is still running` }
  // The supervisor writes it down a moment after the end.
  if (code === undefined) return { yes: false, why: `${service.name} has no exit code yet` }
  return { yes: true, evidence: `${service.name} exited with ${code}` }
}

async function isUp({ name, alive }: ProcessService, before: Alive | undefined): Promise<Effective> {
  const now = await alive()
  if (!now || now.stopped) return { yes: false, why: `${name} is not running` }
  if (before && now.pid === before.pid && now.started === before.started)
    return { yes: false, why: `${name} is the same process as before` }
  return { yes: true, evidence: `${name} runs as process ${now.pid}` }
}
