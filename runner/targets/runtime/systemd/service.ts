/** One unit as steps and probes see it. */
import { isAbsolute, join } from 'node:path/posix'
import type { Service, ServiceNames, ServiceState, Verbs } from '../../../contracts/target.ts'
import { lacksCpu } from './cpu.ts'
import type { KnownUnit } from './known.ts'
import { signalScript } from './scripts.ts'
import { stateOf, type Unit } from './unit.ts'
import type { UnitLog } from './unit-log.ts'
import { verbsOf } from './verbs.ts'

export interface ServiceParts {
  readonly known: KnownUnit
  readonly address: string
  readonly port: number | undefined
  /** As targets.yaml says. */
  readonly directory: string | undefined
  readonly hasReady: boolean
  untilReady(signal: AbortSignal): Promise<void>
  /** Samples its `ready`. */
  isReady(signal: AbortSignal): Promise<boolean>
  readonly log: UnitLog
}

export function unitService(parts: ServiceParts): Service {
  const { known, address, log } = parts
  const { name, unit, machine, journal } = known
  const { transport } = machine
  const sample = healthOf(parts)
  return {
    name,
    get directory() {
      return directoryOf(parts)
    },
    files: transport.files,
    state: async ({ health, signal } = {}) => {
      const now = await known.look(signal)
      const sampled = health ? await sample(now, signal) : 'none'
      return { ...stateOf(now, sampled), restarts: known.restarts() }
    },
    names: () => namesOf(parts),
    endpoint: async (asked) => {
      const port = asked ?? parts.port
      return port === undefined ? undefined : { host: address, port }
    },
    exec: (command, options, signal) =>
      transport.exec(command, { ...options, cwd: options.cwd ?? directoryOf(parts) }, signal),
    logs: async ({ since, last } = {}) => {
      const lines = await log.lines(since)
      return last === undefined ? lines : lines.slice(-last)
    },
    logMark: () => log.mark(),
    watch: async (wake) => journal.watch(unit, wake),
    watchLogs: async (wake) => journal.watchLogs(unit, wake),
    untilReady: (signal) => parts.untilReady(signal),
    verbs: verbsOf(known),
    signalScript: async (signal) => signalScript(unit, signal.replace(/^SIG/, '')),
    lacks: async (verb) => machine.unprivileged ?? lacksOf(known, verb),
  }
}

export function namesOf(parts: ServiceParts): ServiceNames {
  const { known, address, port } = parts
  const { pid } = known.last()
  return {
    address,
    directory: directoryOf(parts),
    ...(port === undefined ? {} : { port, url: `http://${address}:${port}` }),
    ...(pid === undefined ? {} : { pid }),
  }
}

/** systemd marks a folder that may be missing with `!`, and a home with `~`. */
function directoryOf({ known, directory }: ServiceParts): string {
  const own = (known.last().properties['WorkingDirectory'] ?? '').replace(/^[!-]+/, '')
  const base = own.startsWith('/') ? own : '/'
  if (directory === undefined) return base
  return isAbsolute(directory) ? directory : join(known.machine.transport.folder ?? base, directory)
}

async function lacksOf(known: KnownUnit, verb: keyof Verbs): Promise<string | undefined> {
  return verb === 'cpu' ? lacksCpu(known) : undefined
}

/** A start that was never ready yet is starting, and not unhealthy. What is paused answers nobody. */
function healthOf({ hasReady, isReady }: ServiceParts) {
  const wereReady = new Set<string>()
  return async (unit: Unit, signal = new AbortController().signal): Promise<ServiceState['health']> => {
    const { state } = stateOf(unit, 'none')
    if (state === 'paused') return 'unhealthy'
    if (state === 'running' && unit.active === 'activating') return 'starting'
    if (!hasReady) return 'none'
    if (state !== 'running') return 'unhealthy'
    if (await isReady(signal)) {
      wereReady.add(unit.invocation)
      return 'healthy'
    }
    return wereReady.has(unit.invocation) ? 'unhealthy' : 'starting'
  }
}
