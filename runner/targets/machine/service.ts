/** The machine of the target itself, where a fault takes a service: `host`. Needs Linux, and root there. */
import { TargetError } from '../../contracts/errors.ts'
import { MACHINE, type NetworkRule, type Service, type Verbs } from '../../contracts/target.ts'
import { limitCpu } from './cpu.ts'
import { holdOn } from './hold.ts'
import { lacksOf } from './lacks.ts'
import type { Machine } from './machine.ts'
import { shapeMachine } from './network.ts'
import { readOnly } from './read-only.ts'

export function machineService(machine: Machine, directory: string): Service {
  const { transport } = machine
  return {
    name: MACHINE,
    isMachine: true,
    directory,
    files: transport.files,
    state: async () => ({ state: 'running', health: 'none', restarts: 0, startedAt: '', json: {} }),
    names: () => ({ address: '127.0.0.1', directory }),
    endpoint: async (port) => (port === undefined ? undefined : { host: '127.0.0.1', port }),
    exec: (command, options, signal) => transport.exec(command, options, signal),
    logs: noLog,
    logMark: noLog,
    watch: noLog,
    watchLogs: noLog,
    verbs: verbsOf(machine),
    lacks: (verb: keyof Verbs, rule?: NetworkRule) => lacksOf(machine, verb, rule),
  }
}

function verbsOf(machine: Machine): Partial<Verbs> {
  return {
    network: (rule) => shapeMachine(machine, rule),
    hold: (what) => holdOn(machine, what),
    cpu: (cores) => limitCpu(machine, cores),
    readOnly: (path) => readOnly(machine, path),
  }
}

function noLog(): Promise<never> {
  return Promise.reject(
    new TargetError(`"${MACHINE}" is the machine itself, and no service: it has no log`, { transient: false }),
  )
}
