/** What the kernel tells of processes. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { userName } from '../../transport/users.ts'

/** A process that is alive; `started` tells it from a later one with the same pid, as the supervisor wrote it. */
export interface Alive {
  readonly pid: number
  readonly started: string
  /** By SIGSTOP. */
  readonly stopped: boolean
}

/** The process that a `pid` file names, unless it is dead. Zombies count as dead. */
export function aliveBy(pidFile: string): Alive | undefined {
  const [pid = '', was = ''] = words(pidFile)
  const now = pid === '' ? undefined : look(pid)
  if (now === undefined || now.started !== was || /^[ZX]/.test(now.state)) return undefined
  return { pid: Number(pid), started: was, stopped: now.state.startsWith('T') }
}

/** The first words of a small file; none where there is no file. */
export function words(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ')
  } catch {
    return []
  }
}

/** Bytes that a process and its descendants hold in memory. */
export function memoryOf(pid: number): number | undefined {
  const sizes = [pid, ...descendants(pid)].map(residentBytes)
  return sizes[0] === undefined ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}

export function userOf(pid: number): string | undefined {
  try {
    return userName(statSync(`/proc/${pid}`).uid)
  } catch {
    return undefined
  }
}

/** The name of the command in /proc/PID/stat may hold spaces and brackets: fields are counted behind the last one. */
function look(pid: string): { state: string; started: string } | undefined {
  if (process.platform !== 'linux') return lookByPs(pid)
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function lookByPs(pid: string): { state: string; started: string } | undefined {
  const ask = (field: string) => Bun.spawnSync(['ps', '-o', `${field}=`, '-p', pid]).stdout.toString()
  const started = ask('lstart').replace('\n', '').replace(/ +/g, '_')
  return started === '' ? undefined : { state: ask('stat').trim(), started }
}

function residentBytes(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024
  } catch {
    return undefined
  }
}

function descendants(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => words(`/proc/${pid}/task/${thread}/children`).map(Number))
  return children.filter((child) => child > 0).flatMap((child) => [child, ...descendants(child)])
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}
