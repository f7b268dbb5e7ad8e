/** Processes of this machine: the kernel is asked, and the stack's files are read. */
import { join } from 'node:path'
import type { Transport } from '../../../contracts/transport.ts'
import { TrackedLogs } from '../log/tracked-log.ts'
import { fillFolder, makeFolder, writeRun } from './folder.ts'
import { logFile } from './log.ts'
import type { Machine } from './machine.ts'
import { holdPort } from './ports.ts'
import { type Alive, aliveBy, memoryOf, userOf, words } from './process-table.ts'

/** `home` is the folder of targets.yaml. */
export function here(transport: Transport, stack: string, home: string): Machine {
  const pidFile = (service: string) => join(stack, service, 'pid')
  const log = (service: string) => join(stack, service, 'log')
  return {
    stack,
    folder: home,
    // The engine removes the work folder of a case.
    tidy: '',
    prepare: async (layouts, from) => {
      for (const [service, { run, files }] of layouts) {
        makeFolder(stack, service)
        fillFolder(join(stack, service, 'files'), files, from, service)
        writeRun(stack, service, run)
      }
    },
    look: async (service) => {
      const [pid] = words(pidFile(service))
      const [gone, code] = words(join(stack, service, 'exit'))
      const exit = pid !== undefined && pid === gone ? Number(code) : undefined
      return { alive: aliveBy(pidFile(service)), exit, wasStarted: pid !== undefined }
    },
    pidOf: (service) => aliveBy(pidFile(service))?.pid,
    started: () => undefined,
    usage: async (pid) => ({ memory: memoryOf(pid), user: userOf(pid) }),
    send: async (to, signal, whom) => (whom === 'group' ? sendToGroup(to, signal) : void process.kill(to.pid, signal)),
    logs: new TrackedLogs((service) => logFile(log(service))),
    watchLog: (service, wake) => transport.files.watch(log(service), wake),
    holdPort,
  }
}

/** Right after its start a service may not lead its group yet. */
function sendToGroup({ pid }: Alive, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch {
    process.kill(pid, name)
  }
}
