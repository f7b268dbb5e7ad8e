/** Processes of a host: asked for and read by its own `sh`, over the transport. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, posix, resolve } from 'node:path'
import { quote } from '../../../contracts/command.ts'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'
import type { ExecOptions, Exit, Transport } from '../../../contracts/transport.ts'
import { TrackedLogs } from '../log/tracked-log.ts'
import { checkName } from './folder.ts'
import { logThere } from './log-there.ts'
import type { Layout, Look, Machine } from './machine.ts'
import { FIRST_PORT, type HeldPort, LAST_PORT } from './ports.ts'
import { aboutStack } from './shell.ts'

const LIMIT = 60_000
const TRIES = 1_000

/** `work` is the work folder of a case on the runner: on the host there is one of that name below the login folder. */
export function there(transport: Transport, work: string, folder: string): Machine {
  const stack = posix.join(transport.folder ?? '/', '.shakedown', 'work', basename(work), 'services')
  const pids = new Map<string, number>()
  const own = (service: string) => posix.join(stack, service)
  const ask = async (sh: string, options: ExecOptions = {}) => {
    const exit = await transport.exec({ sh }, { cwd: '/', timeout: LIMIT, ...options }, new AbortController().signal)
    if (exit.code !== 0) throw new TargetError(saidBy(exit, transport))
    return Buffer.from(exit.stdout)
  }
  return {
    stack,
    folder,
    // The folders above go when they are empty, so that nothing of ours stays on the host.
    tidy: `rm -rf "$stack"; cd / && rmdir "\${stack%/*}" "\${stack%/*/*}" "\${stack%/*/*/*}" 2>/dev/null`,
    prepare: async (layouts, home) => {
      const stdin = await archiveOf(layouts, home)
      await ask(`umask 077; mkdir -p ${quote(stack)} && tar -xopf - -C ${quote(stack)}`, { stdin })
    },
    look: async (service) => {
      const look = lookIn((await ask(lookScript(stack, service))).toString())
      if (look.alive) pids.set(service, look.alive.pid)
      else pids.delete(service)
      return look
    },
    pidOf: (service) => pids.get(service),
    started: (service, pid) => void pids.set(service, pid),
    usage: async (pid) => usageIn((await ask('ps -A -o pid= -o ppid= -o rss= -o user=')).toString(), pid),
    send: async ({ pid }, signal, whom) => {
      const name = signal.replace(/^SIG/, '')
      const group = whom === 'group' ? `kill -s ${name} -- -${pid} 2>/dev/null || ` : ''
      await ask(`${group}kill -s ${name} ${pid}`)
    },
    logs: new TrackedLogs((service) => logThere(`${own(service)}/log`, ask)),
    watchLog: async (service, wake) => {
      const tail = await transport.spawn?.(FOLLOW, [`${own(service)}/log`], wake)
      return (await tail?.said) === 'ready' ? { [Symbol.asyncDispose]: async () => tail?.release() } : undefined
    },
    holdPort: async () => freePort((await ask('cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || :')).toString()),
  }
}

/** Follows a file from its end until stdin ends. */
const FOLLOW = `
from=$(wc -c <"$1") || exit 1
echo ready
exec 3<&0
tail -c "+$((from + 1))" -f "$1" </dev/null &
cat <&3 >/dev/null
kill $!
`

function saidBy({ stderr, code }: Exit, { address }: Transport): string {
  const said = Buffer.from(stderr).toString().trim().split('\n').at(-1)
  return `${address}: ${said || `a script of the runtime exits with ${code}`}`
}

/** `PID START | START_NOW STATE | GONE CODE`, each word or nothing. */
function lookScript(stack: string, service: string): string {
  return `${aboutStack(stack)}
cd "$stack/"${quote(service)} 2>/dev/null || { echo '||'; exit 0; }
pid= was= gone= code=
{ read -r pid was <pid; } 2>/dev/null
{ read -r gone code <exit; } 2>/dev/null
look "$pid"
echo "$pid $was|$start $state|$gone $code"`
}

function lookIn(text: string): Look {
  const [known = '', now = '', end = ''] = text.trim().split('|')
  const [pid = '', was] = known.trim().split(' ')
  const [started = '', state = ''] = now.trim().split(' ')
  const [gone, code] = end.trim().split(' ')
  const lives = pid !== '' && started === was && state !== '' && !/^[ZX]/.test(state)
  return {
    alive: lives ? { pid: Number(pid), started, stopped: state.startsWith('T') } : undefined,
    exit: pid !== '' && gone === pid && code ? Number(code) : undefined,
    wasStarted: pid !== '',
  }
}

/** Kilobytes in a table of `PID PPID RSS USER`. */
function usageIn(table: string, pid: number): { memory?: number | undefined; user?: string | undefined } {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const sum = (of: string): number =>
    rows.reduce(
      (total, [one, parent, rss]) =>
        total + (one === of ? Number(rss) * 1_024 : 0) + (parent === of && one !== undefined ? sum(one) : 0),
      0,
    )
  const user = rows.find(([one]) => one === String(pid))?.[3]
  return user === undefined ? {} : { memory: sum(String(pid)), user }
}

/** While a service is stopped its port is free: that no other run chooses it is left to chance here. */
function freePort(tables: string): HeldPort {
  const taken = new Set(
    [...tables.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /gim)].map(([, hex]) => Number(`0x${hex}`)),
  )
  for (let tried = 0; tried < TRIES; tried++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if (!taken.has(port)) return { port, vacate: async () => undefined, release: async () => undefined }
  }
  throw new TargetError(`there is no free port between ${FIRST_PORT} and ${LAST_PORT}`)
}

async function archiveOf(layouts: ReadonlyMap<string, Layout>, home: string): Promise<Buffer> {
  const { pack } = await import('tar-stream')
  const archive = pack()
  for (const [service, { run, files }] of layouts) {
    archive.entry({ name: `${service}/files/`, type: 'directory', mode: 0o700 })
    archive.entry({ name: `${service}/log`, mode: 0o600 }, '')
    archive.entry({ name: `${service}/run`, mode: 0o600 }, run)
    for (const [name, source] of Object.entries(files)) {
      checkName(name, service, files)
      try {
        addTo(archive, `${service}/files/${name}`, resolve(home, source))
      } catch (error) {
        const words = `${source} can't be copied for ${service}: ${messageOf(error)}`
        throw new TargetError(words, { cause: error, details: { place: placeOf(files) } })
      }
    }
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A copy may be written whatever the original says; what a link names is copied for it. */
function addTo(archive: import('tar-stream').Pack, name: string, source: string): void {
  const about = statSync(source)
  const mode = about.mode & 0o777
  if (!about.isDirectory()) {
    archive.entry({ name, mode: mode | 0o200 }, readFileSync(source))
    return
  }
  archive.entry({ name: `${name}/`, type: 'directory', mode: mode | 0o700 })
  for (const one of readdirSync(source)) addTo(archive, `${name}/${one}`, join(source, one))
}
