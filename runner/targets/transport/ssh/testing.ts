/** An OpenSSH server on a loopback port, with keys made here, and a client's own `~/.ssh`. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ownName } from '../users.ts'
import type { SshSpec } from './spec.ts'

const SSHD = '/usr/sbin/sshd'

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
}

/** Undefined where there is no sshd; on CI that is an error. */
export async function testServer({ config = [], bashrc = '' }: TestServerOptions = {}): Promise<TestServer> {
  const folder = mkdtempSync('/tmp/sd-sshd-')
  const at = (name: string) => join(folder, name)
  for (const name of ['host', 'id']) keygen(at(name))
  writeFileSync(at('authorized'), readFileSync(at('id.pub')), { mode: 0o600 })
  mkdirSync(at('home'))
  writeFileSync(at('home/.bashrc'), bashrc)
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  writeFileSync(
    at('sshd_config'),
    [
      ...config,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
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
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`)
  const server = Bun.spawn([SSHD, '-D', '-e', '-f', at('sshd_config')], {
    stdio: ['ignore', 'ignore', Bun.file(at('log'))],
  })
  await answering(port, () => readFileSync(at('log'), 'utf8'))
  return {
    port,
    folder,
    home: at('home'),
    key: at('id'),
    knownHosts: at('known_hosts'),
    pid: server.pid,
    spec: { host: '127.0.0.1', user: ownName(), port, identities: [at('id')], knownHosts: at('known_hosts') },
    cut: () => cutAll(server.pid),
    [Symbol.asyncDispose]: async () => {
      await cutAll(server.pid)
      server.kill()
      await server.exited
      rmSync(folder, { recursive: true })
    },
  }
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
  for (const pid of children()) {
    for (const grandchild of sshdBelow(pid)) kill(grandchild)
    kill(pid)
  }
  while (children().length > 0) await Bun.sleep(5)
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

async function answering(port: number, log: () => string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 5_000; await Bun.sleep(10)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = Bun.connect({
        hostname: '127.0.0.1',
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
