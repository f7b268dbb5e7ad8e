/** How a stage is, without what changes at every start: two that are equal mean that everything was put back. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openEntries, readJournal } from '../../runner/engine/journal.ts'
import type { Inspection } from '../../runner/targets/runtime/docker/inspection.ts'
import { FILLER } from './disk.ts'
import type { Stage } from './stage.ts'

export type Fingerprint = Readonly<Record<string, unknown>>

export async function fingerprintOf(stage: Stage, plan: string): Promise<Fingerprint> {
  return {
    files: filesIn(stage.home),
    left: [...new Set([stage.folder, stage.home])].flatMap(leftIn),
    processes: [...new Set([stage.folder, stage.home])].flatMap(processesOf),
    ...(stage.project === '' ? {} : await containers(stage, plan)),
  }
}

function filesIn(folder: string): Record<string, string> {
  const plain = readdirSync(folder).filter(
    (name) => statSync(join(folder, name)).isFile() && !name.startsWith('trial-') && name !== FILLER,
  )
  return Object.fromEntries(
    plain.map((name) => {
      const { mode, uid } = statSync(join(folder, name))
      return [name, `${mode.toString(8)} ${uid} ${Bun.hash(readFileSync(join(folder, name)))}`]
    }),
  )
}

/** Journals and work files; a lock of who was killed is taken over by the next one. What somebody else changed is theirs, and its journal stays for who wants to look. */
function leftIn(folder: string): string[] {
  const drifted = (name: string) => {
    const journal = readJournal(join(folder, '.shakedown', 'journal', name))
    return journal?.entries.some(({ state }) => state === 'drifted') && openEntries(journal).length === 0
  }
  return [
    ...listed(join(folder, '.shakedown', 'journal')).filter((name) => !drifted(name)),
    ...listed(join(folder, '.shakedown', 'work')).filter((name) => !drifted(name) && !drifted(`${name}.claimed`)),
  ]
}

function listed(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

/** Whoever has the folder among its arguments, its environment or as its place. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const about = words + readFileSync(`/proc/${pid}/environ`, 'utf8')
        const dead = / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\)/, ''))
        return about.includes(folder) && !dead ? [words.slice(0, 80)] : []
      } catch {
        return []
      }
    })
}

async function containers({ project, env }: Stage, plan: string): Promise<Fingerprint> {
  const out = (argv: string[]) => outOf(argv, env)
  // Others may be running, too: only what this very trial has made is its own.
  const own = `label=shakedown.plan=${plan}`
  const ours = (label: string) => out(['docker', 'ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${label}`])
  const running = lines(await ours(`com.docker.compose.project=${project}`))
  const inspections =
    running.length === 0 ? [] : (JSON.parse(await out(['docker', 'inspect', ...running])) as Inspection[])
  const rules = await Promise.all(inspections.map(rulesIn))
  return {
    containers: inspections.map(describe).sort((a, b) => String(a['name']).localeCompare(String(b['name']))),
    rules: rules.filter(Boolean),
    strays: lines(await ours(`shakedown.plan=${plan}`)),
    networks: lines(await out(['docker', 'network', 'ls', '--quiet', '--filter', own])),
    volumes: lines(await out(['docker', 'volume', 'ls', '--quiet', '--filter', own])),
  }
}

function describe({
  Id,
  Name,
  State,
  Config,
  HostConfig,
  Mounts,
  NetworkSettings,
}: Inspection): Record<string, unknown> {
  return {
    name: Name,
    state: State.Status,
    image: Config.Image,
    env: [...(Config.Env ?? [])].sort(),
    command: Config['Cmd'],
    labels: Config.Labels,
    cpu: [HostConfig.CpuQuota === -1 ? 0 : HostConfig.CpuQuota, HostConfig.NanoCpus],
    binds: HostConfig['Binds'],
    mounts: Mounts.map(({ Destination }) => Destination).sort(),
    networks: Object.entries(NetworkSettings.Networks).map(([name, { Aliases }]) => [
      name,
      (Aliases ?? []).filter((alias) => !Id.startsWith(alias)).sort(),
    ]),
  }
}

/** Packet rules of ours in its namespace. Docker's own (its resolver) change at every start. */
async function rulesIn({ State }: Inspection): Promise<string> {
  if (State.Pid === 0) return ''
  const told = await outOf(['nsenter', '--target', String(State.Pid), '--net', 'nft', 'list', 'tables'])
  return lines(told)
    .filter((line) => line.includes('shakedown'))
    .join('; ')
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean)
}

async function outOf(argv: string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = Bun.spawn(argv, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } })
  return new Response(child.stdout).text()
}
