import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'

/** Who a process is: pids are used again, so the start time stands beside it. */
export interface ProcessIdentity {
  readonly pid: number
  readonly started: string
  /** The boot that it was started in: pids and start times come again after a reboot. */
  readonly bootId?: string | undefined
}

export function ownIdentity(): ProcessIdentity & { readonly bootId: string } {
  return { pid: process.pid, started: startOf(process.pid) ?? '', bootId: bootId() }
}

/** Whether that very process is alive. Zombies count as dead, though `kill -0` finds them. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId && identity.bootId !== bootId()) return false
  const started = startOf(identity.pid)
  return started !== undefined && (identity.started === '' || started === identity.started)
}

/** Start time of a process as the kernel counts it; undefined when there is none. */
function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid)
}

/** The command name in /proc/PID/stat may hold spaces and brackets, so fields are counted behind the last one. */
function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function startFromPs(pid: number): string | undefined {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'lstart=', '-p', String(pid)])
  return stdout.toString().trim() || undefined
}

/** Tells one boot of this machine from another. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** Milliseconds since this machine was booted: no wall clock, since a plan may be breaking it. */
export function uptimeMs(): number {
  return Math.round(uptime() * 1_000)
}

export { hostname }
