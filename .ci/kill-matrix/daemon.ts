/** A Docker daemon of its own, in namespaces of its own: it can be restarted, and nobody else's is touched. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Daemon extends AsyncDisposable {
  /** DOCKER_HOST. */
  readonly host: string
  /** What a command begins with that is to reach its containers. */
  readonly inside: readonly string[]
  /** Shell that restarts it; containers go on meanwhile. */
  readonly restart: string
}

const UP_WITHIN = 60_000

/** Why there is none; undefined: it can be had. */
export function whyNoDaemon(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start a Docker daemon'
  for (const command of ['dockerd', 'nsenter', 'unshare', 'ip'])
    if (Bun.which(command) === null) return `there is no ${command} here`
  return undefined
}

/** With these images of the daemon that is there. */
export async function startDaemon(images: readonly string[]): Promise<Daemon> {
  const folder = mkdtempSync('/tmp/sdk-')
  const at = (name: string) => join(folder, name)
  const holder = Bun.spawn(
    ['unshare', '-m', '-n', '--propagation', 'private', 'sh', '-c', 'ip link set lo up; exec sleep infinity'],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  )
  const enter = ['nsenter', '--target', String(holder.pid), '--net', '--mount']
  for (const name of ['data', 'exec']) mkdirSync(at(name))
  // Neither the configuration nor the rules of the one that everybody uses.
  writeFileSync(at('daemon.json'), '{}')
  const start = [
    ...enter,
    'dockerd',
    '--config-file',
    at('daemon.json'),
    '--data-root',
    at('data'),
    '--exec-root',
    at('exec'),
  ]
  start.push('--pidfile', at('pid'), '--host', `unix://${at('sock')}`, '--live-restore', '--log-level', 'error')
  writeFileSync(
    at('restart'),
    `kill -TERM "$(cat ${at('pid')})" 2>/dev/null
while [ -e ${at('pid')} ] && kill -0 "$(cat ${at('pid')})" 2>/dev/null; do sleep 0.05; done
exec setsid ${start.join(' ')} </dev/null >>${at('log')} 2>&1
`,
  )
  const host = `unix://${at('sock')}`
  const daemon: Daemon = {
    host,
    inside: ['nsenter', '--target', String(holder.pid), '--net'],
    restart: `sh ${at('restart')} </dev/null >/dev/null 2>&1 &`,
    [Symbol.asyncDispose]: async () => {
      await ended(at('pid'))
      await ended(at('exec/containerd/containerd.pid'))
      endAll(folder)
      holder.kill('SIGKILL')
      await holder.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await inNewNamespaces(holder.pid)
  Bun.spawn(['sh', at('restart')], { stdio: ['ignore', 'ignore', 'ignore'] }).unref()
  await answers(host, at('log'))
  await load(host, images)
  return daemon
}

async function inNewNamespaces(pid: number): Promise<void> {
  const own = readlink('self')
  for (const start = performance.now(); readlink(String(pid)) === own; await Bun.sleep(5))
    if (performance.now() - start > UP_WITHIN) throw new Error('no namespace could be made for a Docker daemon')
}

function readlink(pid: string): string {
  return Bun.spawnSync(['readlink', `/proc/${pid}/ns/net`]).stdout.toString()
}

async function answers(host: string, log: string): Promise<void> {
  const start = performance.now()
  while (Bun.spawnSync(['docker', '--host', host, 'version']).exitCode !== 0) {
    if (performance.now() - start > UP_WITHIN)
      throw new Error(`dockerd did not come up: ${readFileSync(log, 'utf8').slice(-2_000)}`)
    await Bun.sleep(100)
  }
}

async function load(host: string, images: readonly string[]): Promise<void> {
  const script = 'host=$1; shift; docker save "$@" | docker --host "$host" load'
  const { exitCode, stderr } = Bun.spawnSync(['sh', '-c', script, 'sh', host, ...images])
  if (exitCode !== 0) throw new Error(`images for a Docker daemon: ${stderr}`)
}

async function ended(file: string): Promise<void> {
  const pid = Number(
    await Bun.file(file)
      .text()
      .catch(() => ''),
  )
  for (const start = performance.now(); pid > 0 && alive(pid); await Bun.sleep(50)) {
    process.kill(pid, performance.now() - start > 20_000 ? 'SIGKILL' : 'SIGTERM')
  }
}

/** Shims of containers that it does not know any more, and what runs below them. */
function endAll(folder: string): void {
  const read = (path: string) => readFileSync(`/proc/${path}`, 'utf8')
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (!read(`${pid}/cmdline`).includes(`${folder}/`)) continue
      const children = read(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
      for (const each of [...children, Number(pid)]) process.kill(each, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/ Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\)/, ''))
  } catch {
    return false
  }
}
