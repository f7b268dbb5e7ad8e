/** An OpenSSH server on a loopback port, with keys made here, and a client's own `~/.ssh`. */
import { describe, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ownName } from '../users.ts'
import type { SshSpec } from './spec.ts'
import { connectTo, ownNetwork, WAITS } from './test-network.ts'

const SSHD = '/usr/sbin/sshd'
const MINER = 4711

/** Tests that need an OpenSSH server: skipped with the reason where there is none, but never on CI. */
export const describeSsh = needs(whyNoServer())
export const testSsh = describeSsh === describe ? test : test.skip

/** Tests that need an ordinary user besides root, and sudo: skipped where they can't be had, but never on CI. */
export const describeUsers = needs(whyNoServer() ?? whyNoUsers())

function needs(missing: string | undefined) {
  if (missing === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined) return describe
  console.log(`skipped: ${missing}`)
  return describe.skip
}

function whyNoServer(): string | undefined {
  return existsSync(SSHD) ? undefined : `there is no ${SSHD} here (apt-get install openssh-server)`
}

/** They are made in a mount namespace, so that nothing of this machine is changed. */
function whyNoUsers(): string | undefined {
  if (Bun.which('sudo') === null) return 'there is no `sudo` here'
  return canUnshare() ? undefined : 'only root, and where mount namespaces can be made, can have users for a test'
}

function canUnshare(): boolean {
  if (process.getuid?.() !== 0 || Bun.which('unshare') === null) return false
  return Bun.spawnSync(['unshare', '-m', 'mount', '--make-rprivate', '/']).exitCode === 0
}

export interface TestServer extends AsyncDisposable {
  readonly port: number
  /** A folder of this server, for keys and other files. */
  readonly folder: string
  /** The login folder, which nobody else uses. */
  readonly home: string
  readonly key: string
  readonly knownHosts: string
  readonly spec: SshSpec
  /** Ends the processes of connections that are open: what a cut looks like. */
  cut(): Promise<void>
  readonly pid: number
}

export interface TestServerOptions {
  /** Lines of sshd_config. */
  readonly config?: readonly string[]
  /** What the login shell runs first. */
  readonly bashrc?: string
  /** Who logs in is `miner`, an ordinary user that this server alone knows, with a login shell and a line of sudoers. */
  readonly miner?: { readonly shell?: string; readonly sudo?: string }
  /** What is `sh` there. */
  readonly sh?: string
  /** How much its /dev/shm holds: `64k`. */
  readonly memory?: string
  /** In a network namespace of its own, which goes with it: only root can have that. */
  readonly network?: boolean
  /** In a network namespace that is there already: a machine of its own, which nobody here can reach. */
  readonly namespace?: { readonly name: string; readonly address: string; readonly nameserver: string } | undefined
  /** What is done to the login folder before anybody logs in. */
  readonly home?: (folder: string) => void
  /** The login folder lies in memory, seen by the server alone: mount options such as `size=64k` or `ro`. */
  readonly disk?: string
}

export async function testServer({
  config = [],
  bashrc = '',
  network = false,
  namespace,
  home,
  ...mounts
}: TestServerOptions = {}): Promise<TestServer> {
  const folder = mkdtempSync('/tmp/sd-sshd-')
  const at = (name: string) => join(folder, name)
  for (const name of ['host', 'id']) keygen(at(name))
  writeFileSync(at('authorized'), readFileSync(at('id.pub')), { mode: 0o600 })
  mkdirSync(at('home'))
  home?.(at('home'))
  const own = network ? ownNetwork() : undefined
  const address = own?.there ?? namespace?.address ?? '127.0.0.1'
  writeFileSync(at('home/.bashrc'), bashrc)
  const port = await freePort()
  writeFileSync(
    at('sshd_config'),
    [
      ...config,
      `Port ${port}`,
      `ListenAddress ${address}`,
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      `PidFile ${at('pid')}`,
      `SetEnv HOME=${at('home')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxStartups 100',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  )
  writeFileSync(at('known_hosts'), `[${address}]:${port} ${readFileSync(at('host.pub'), 'utf8')}`)
  writeFileSync(at('start'), `${network ? WAITS : ''}${startScript(folder, { namespace, ...mounts })}`)
  const unshared = ['unshare', '-m', ...(network ? ['-n'] : []), 'sh', '-e', at('start')]
  const entered = namespace ? ['nsenter', `--net=/run/netns/${namespace.name}`] : []
  const server = Bun.spawn([...entered, ...(canUnshare() ? unshared : [...START, at('sshd_config')])], {
    stdio: [own ? 'pipe' : 'ignore', 'ignore', Bun.file(at('log'))],
  })
  if (own) await connectTo(server, own)
  const log = () => readFileSync(at('log'), 'utf8')
  await (namespace ? listening(log) : answering(address, port, log))
  return {
    port,
    folder,
    home: at('home'),
    key: at('id'),
    knownHosts: at('known_hosts'),
    pid: server.pid,
    spec: {
      host: address,
      user: mounts.miner ? 'miner' : ownName(),
      port,
      identities: [at('id')],
      knownHosts: at('known_hosts'),
    },
    cut: () => cutAll(server.pid),
    [Symbol.asyncDispose]: async () => {
      await cutAll(server.pid)
      server.kill()
      await server.exited
      rmSync(folder, { recursive: true })
    },
  }
}

const START = [SSHD, '-D', '-e', '-f']

/** What is mounted here is seen by the server and by what it starts, and gone with them: sshd's own folder below /run, and a user. */
function startScript(folder: string, { miner, sh, memory, disk, namespace }: TestServerOptions): string {
  const { shell = '/bin/bash', sudo = '' } = miner ?? {}
  const user = `
for file in passwd shadow group; do cp /etc/$file $file; done
echo 'miner:x:${MINER}:${MINER}::${folder}/home:${shell}' >>passwd
echo 'miner:*:19000:0:99999:7:::' >>shadow
echo 'miner:x:${MINER}:' >>group
for file in passwd shadow group; do mount --bind $file /etc/$file; done
chmod 755 .
chmod 644 authorized
chown -R ${MINER}:${MINER} home
mount -t tmpfs -o mode=755 tmpfs /etc/sudoers.d
echo '${sudo}' >/etc/sudoers.d/miner
chmod 440 /etc/sudoers.d/miner`
  return `cd ${folder}
mount --make-rprivate /
mkdir run
mount --rbind /run run
mount -t tmpfs -o mode=755 tmpfs /run
for entry in run/*; do ln -s "$PWD/$entry" /run/; done
[ -e /run/sshd ] || mkdir /run/sshd
${miner ? user : ''}
${sh === undefined ? '' : `mount --bind ${sh} /bin/sh`}
${disk === undefined ? '' : `mount -t tmpfs -o mode=755,${disk} tmpfs ${folder}/home`}
${memory === undefined ? '' : `mount -t tmpfs -o size=${memory} tmpfs /dev/shm`}
${namespace ? `echo nameserver ${namespace.nameserver} >resolv.conf\nmount --bind resolv.conf /etc/resolv.conf` : ''}
exec ${START.join(' ')} ${folder}/sshd_config
`
}

export function keygen(path: string, passphrase = ''): void {
  const made = Bun.spawnSync(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', path])
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
}

/** Children of the listener serve the connections. */
async function cutAll(listener: number): Promise<void> {
  const children = () =>
    Bun.spawnSync(['ps', '-o', 'pid=', '--ppid', String(listener)])
      .stdout.toString()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number)
  const cut = children()
  for (const pid of cut) {
    for (const grandchild of sshdBelow(pid)) kill(grandchild)
    kill(pid)
  }
  // Whoever was cut off may be back already.
  while (children().some((pid) => cut.includes(pid))) await Bun.sleep(5)
}

/** Of an ordinary user's connection the process that holds the socket is a child of its own. */
function sshdBelow(pid: number): number[] {
  return Bun.spawnSync(['ps', '-o', 'pid=,comm=', '--ppid', String(pid)])
    .stdout.toString()
    .split('\n')
    .filter((line) => line.includes('sshd'))
    .map((line) => Number.parseInt(line, 10))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it is gone
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

/** Of one in another network, which can't be asked from here. */
async function listening(log: () => string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 5_000; await Bun.sleep(10))
    if (log().includes('Server listening on')) return
  throw new Error(`sshd did not come up: ${log()}`)
}

async function answering(hostname: string, port: number, log: () => string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 20_000; await Bun.sleep(10)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = Bun.connect({
        hostname,
        port,
        socket: { open: (one) => void one.end(), data: () => undefined, connectError: () => resolve(false) },
      })
      socket.then(
        () => resolve(true),
        () => resolve(false),
      )
    })
    if (open) return
  }
  throw new Error(`sshd did not come up: ${log()}`)
}
