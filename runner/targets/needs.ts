/** What any target stands on: its machine, as `plan doctor` finds it. Only reads. */
import { statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { quote } from '../contracts/command.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Need } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'

/** Journals and what they keep of files need some room, in kB. */
const HEADROOM = 102_400
/** Seconds. */
const SKEW = 5
const LIMIT = 20_000

const NETWORK = 'faults of the network of the machine itself'

/** `home` is the folder of targets.yaml: journals lie there, or in the login folder of a host. */
export async function machineNeeds(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
  home: string,
): Promise<readonly Need[]> {
  const folder = transport.folder ?? home
  const before = Date.now()
  const exit = await transport.exec({ sh: script(folder) }, { cwd: '/', timeout: LIMIT }, new AbortController().signal)
  const found = factsIn(Buffer.from(exit.stdout).toString())
  if (exit.code !== 0 || found['sh'] === undefined)
    return [{ name: 'shell', there: false, says: `\`sh\` does not do what POSIX says (exit ${exit.code})` }]
  return [
    { name: 'shell', there: true, says: `sh on ${found['system']}` },
    folderNeed(folder, found),
    roomNeed(folder, found),
    clockNeed(found, (before + Date.now()) / 2_000),
    toolNeed('ps', found, 'guardians, to tell their own processes', 'apt-get install procps'),
    nftNeed(found),
    netemNeed(found),
    ...(config['ssh'] === undefined ? [orphansNeed()] : await hostNeeds(config, transport, found)),
    ...secretNeeds(config, home),
  ]
}

/** Facts, a line each: `name value`. */
function script(folder: string): string {
  return `export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
fact() { printf '%s %s\\n' "$1" "$2"; }
there() { command -v "$1" >/dev/null 2>&1; }
fact sh yes
fact system "$(uname -sr) as $(id -un 2>/dev/null || id -u)"
fact uid "$(id -u)"
at=${quote(folder)}
[ -w "$at" ] && fact writable yes
fact free "$(df -Pk "$at" 2>/dev/null | awk 'NR == 2 { print $4 }')"
fact time "$(date +%s)"
for tool in tar ps nft sudo; do there $tool && fact $tool "$(command -v $tool)"; done
there nft && said=$(nft list tables 2>&1) && fact nft-works yes || fact nft-says "$(echo "$said" | head -n 1)"
{ [ -d /sys/module/sch_netem ] || modprobe -nq sch_netem 2>/dev/null; } && fact netem yes
there sudo && sudo -n true 2>/dev/null && fact sudo-works yes
exit 0`
}

function factsIn(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line.includes(' '))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
}

function folderNeed(folder: string, { writable }: Readonly<Record<string, string>>): Need {
  return writable
    ? { name: 'journal', there: true, says: `${folder} can be written` }
    : {
        name: 'journal',
        there: false,
        says: `${folder} can't be written, and nothing is changed without a journal`,
        todo: `let this user write there`,
      }
}

function roomNeed(folder: string, { free = '' }: Readonly<Record<string, string>>): Need {
  const kilobytes = Number(free)
  const says = free === '' ? 'unknown' : `${Math.round(kilobytes / 1_024)} MB are free in ${folder}`
  const there = free === '' || kilobytes >= HEADROOM
  return { name: 'room', there, says, ...(there ? {} : { todo: `free ${HEADROOM / 1_024} MB` }) }
}

function clockNeed({ time }: Readonly<Record<string, string>>, now: number): Need {
  const skew = Math.round(Number(time) - now)
  if (Math.abs(skew) <= SKEW) return { name: 'clock', there: true, says: 'as the runner’s' }
  return {
    name: 'clock',
    there: false,
    says: `${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} the runner’s`,
    for: 'comparing times of its logs with times of the report',
    todo: 'set it, or run an NTP client',
  }
}

function toolNeed(tool: string, found: Readonly<Record<string, string>>, what: string, todo: string): Need {
  const path = found[tool]
  return path
    ? { name: tool, there: true, says: path }
    : { name: tool, there: false, says: 'is not there', for: what, todo }
}

function nftNeed(found: Readonly<Record<string, string>>): Need {
  if (found['nft-works']) return { name: 'nft', there: true, says: found['nft'] ?? '' }
  if (!found['nft'])
    return { name: 'nft', there: false, says: 'is not there', for: NETWORK, todo: 'apt-get install nftables' }
  const says = found['nft-says'] || 'can’t be used'
  const todo = found['uid'] === '0' ? 'a kernel with nf_tables' : 'log in as root, or use `become: true`'
  return { name: 'nft', there: false, says, for: NETWORK, todo }
}

function netemNeed(found: Readonly<Record<string, string>>): Need {
  if (found['netem']) return { name: 'netem', there: true, says: 'sch_netem' }
  const todo = 'install the extra modules of the kernel'
  return {
    name: 'netem',
    there: false,
    says: 'the kernel has no sch_netem',
    for: '`delay` by the kernel (else a proxy delays)',
    todo,
  }
}

/** `bun --no-orphans` ends the guardian with the runner. */
function orphansNeed(): Need {
  const flags = [...process.execArgv, ...(process.env['BUN_OPTIONS'] ?? '').split(' ')]
  if (!flags.includes('--no-orphans')) return { name: 'guardian', there: true, says: 'outlives the runner' }
  const says = 'bun --no-orphans ends it with the runner, and nothing would put things back'
  return { name: 'guardian', there: false, says, todo: 'run without --no-orphans' }
}

async function hostNeeds(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
  found: Readonly<Record<string, string>>,
): Promise<Need[]> {
  return [
    toolNeed('tar', found, 'any change: the journal is brought by it', 'apt-get install tar'),
    await forwardingNeed(transport),
    ...(found['uid'] === '0' ? [] : [sudoNeed(found)]),
    ...(config['become'] === true ? [{ name: 'become', there: true, says: 'sudo -n works without a password' }] : []),
  ]
}

/** Nobody listens on port 1: to be told so is to have been there. */
async function forwardingNeed(transport: Transport): Promise<Need> {
  const name = 'connections'
  try {
    const socket = await transport.connect({ host: '127.0.0.1', port: 1 }, AbortSignal.timeout(LIMIT))
    socket.destroy()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED')
      return { name, there: false, says: messageOf(error), for: '`http`, `tcp` and `sql`, and containers' }
  }
  return { name, there: true, says: 'go through the host' }
}

function sudoNeed(found: Readonly<Record<string, string>>): Need {
  if (found['sudo-works'])
    return { name: 'sudo', there: true, says: 'works without a password: `become: true` can be used' }
  const says = found['sudo'] ? 'asks for a password' : 'is not there'
  const todo = found['sudo'] ? 'allow NOPASSWD in sudoers' : 'apt-get install sudo, and a line with NOPASSWD in sudoers'
  return { name: 'sudo', there: false, says, for: '`become: true`: what only root may do', todo }
}

/** Files that others can read are no secrets. */
function secretNeeds(config: Readonly<Record<string, unknown>>, home: string): Need[] {
  const ssh = config['ssh'] as { identity?: string; passphrase?: { file?: string } } | string | undefined
  const said = typeof ssh === 'object' ? [ssh.identity, ssh.passphrase?.file] : []
  return said.flatMap((file): Need[] => {
    if (file === undefined || file.startsWith('~')) return []
    const mode = modeOf(isAbsolute(file) ? file : resolve(home, file))
    if (mode === undefined) return [{ name: 'secret', there: false, says: `${file} is not there` }]
    if ((mode & 0o077) === 0) return [{ name: 'secret', there: true, says: `${file} is its owner’s alone` }]
    const says = `${file} can be read by others (${mode.toString(8)})`
    return [{ name: 'secret', there: false, says, todo: `chmod 600 ${file}` }]
  })
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777
  } catch {
    return undefined
  }
}
