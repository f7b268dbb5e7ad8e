/** The folder that trials happen in: targets, plans, and what they change. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { daemonAddress } from '../../runner/targets/runtime/docker/daemon.ts'
import { Engine } from '../../runner/targets/runtime/docker/engine.ts'
import { helperImage } from '../../runner/targets/runtime/docker/network/image.ts'
import { localTransport } from '../../runner/targets/transport/local.ts'
import type { Blow, Choice, RuntimeName } from './choice.ts'
import { type Daemon, startDaemon, whyNoDaemon } from './daemon.ts'
import { canMount, fills, mountDisk, unmount, write } from './disk.ts'
import { stepOf } from './faults.ts'
import { canNetwork, type Host, startHost } from './host.ts'

export interface Stage extends AsyncDisposable {
  /** Where plans and targets.yaml lie. */
  readonly folder: string
  /** Where the target's files lie, and its journal. */
  readonly home: string
  readonly runtime: RuntimeName
  /** Compose project of the stack that runs all the time; empty where there are no containers. */
  readonly project: string
  /** Environment of every command about it. */
  readonly env: Readonly<Record<string, string>>
  /** What a run begins with. */
  readonly inside: readonly string[]
  /** Shell of those blows that the runner can't deal itself. */
  readonly strikes: Partial<Record<Blow, string>>
  /** What a trial has broken for good is made again. */
  mend(): Promise<void>
}

const SERVER = `use IO::Socket::INET; $|=1; $SIG{TERM}=sub{exit 0};
my $s=IO::Socket::INET->new(LocalAddr=>$ENV{HOST}||"0.0.0.0",LocalPort=>$ENV{PORT}||80,Listen=>50,ReuseAddr=>1) or die $!;
while(my $c=$s->accept){while(<$c>){last if /^\\r?\\n$/} print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}"; close $c}
`
const IMAGE = 'shakedown-kill-matrix'
const COMPOSE = `services:
  web:
    image: ${IMAGE}
    command: [perl, /server.pl]
    expose: ["80"]
    environment: { COLOR: blue }
  other:
    image: ${IMAGE}
    command: [perl, /server.pl]
    expose: ["80"]
`
const DOCKERFILE = `FROM debian:bookworm-slim
COPY server.pl /server.pl
RUN echo '{"pool":   "main"}' >/etc/conf.json
`
const FILES = { 'config.json': '{"pool":   "main"}\n', 'here.txt': 'here\n' }

/** Why a blow can't be dealt here; undefined: it can. */
export function whyNot(blow: Blow): string | undefined {
  if (blow === 'disk full' && !canMount) return 'only root, in a mount namespace, can have a small disk'
  if (blow === 'packets dropped' && !canNetwork())
    return 'only root, with nft and ip, can drop the packets of a namespace'
  return blow === 'daemon restarted' ? whyNoDaemon() : undefined
}

export async function setStage(runtime: RuntimeName, name: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'shakedown-kill-'))
  mountDisk(folder)
  write(folder, {
    'server.pl': SERVER,
    ...FILES,
    'second.yaml': 'plan: Second\ntarget: running\nsteps:\n  - run: "true"\n',
  })
  write(folder, { 'killer.ts': `export { default } from ${JSON.stringify(join(import.meta.dir, 'killer.ts'))}\n` })
  const common = { folder, home: folder, runtime, project: '', env: {}, inside: [], mend: async () => freshen(folder) }
  const clear = () => {
    unmount(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  if (runtime === 'docker') return dockerStage({ ...common, project: `shk-kill-${process.pid}-${name}` }, clear)
  if (runtime === 'ssh') return sshStage(common, clear)
  write(folder, { 'targets.yaml': targets(PROCESS, '{ runtime: process, defaults: { lease: 2s } }') })
  return { ...common, strikes: { 'disk full': fills(folder) }, [Symbol.asyncDispose]: async () => clear() }
}

/** Files as they were, and nothing of ours. */
function freshen(folder: string): void {
  rmSync(join(folder, '.shakedown'), { recursive: true, force: true })
  write(folder, FILES)
}

type Common = Omit<Stage, 'strikes' | typeof Symbol.asyncDispose>

const PROCESS =
  '{ runtime: process, defaults: { lease: 2s }, services: { web: { command: [perl, server.pl], port: auto, env: { HOST: 127.0.0.1 }, ready: { tcp: web } } } }'

async function sshStage(common: Common, clear: () => void): Promise<Stage> {
  const { folder } = common
  const host: Host = await startHost()
  const { server } = host
  write(server.home, FILES)
  const { spec } = server
  const box = `{ ssh: { host: ${spec.host}, user: ${spec.user}, port: ${spec.port}, identity: ${server.key}, known-hosts: ${server.knownHosts} }, defaults: { lease: 2s } }`
  write(common.folder, { 'targets.yaml': targets(box, box) })
  return {
    ...common,
    home: server.home,
    mend: async () => {
      freshen(folder)
      freshen(server.home)
    },
    strikes: {
      'disk full': fills(server.home),
      'connection cut': host.cut,
      ...(host.drop ? { 'packets dropped': host.drop } : {}),
    },
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]()
      clear()
    },
  }
}

async function dockerStage(common: Common, clear: () => void): Promise<Stage> {
  const { folder, project } = common
  mkdirSync(join(folder, 'stack'))
  write(join(folder, 'stack'), { 'compose.yaml': COMPOSE, Dockerfile: DOCKERFILE, 'server.pl': SERVER })
  command(['docker', 'build', '--quiet', '--tag', IMAGE, join(folder, 'stack')], {})
  const daemon: Daemon | undefined = whyNoDaemon()
    ? undefined
    : await startDaemon(['debian:bookworm-slim', IMAGE, await helper()])
  const env = daemon ? { DOCKER_HOST: daemon.host } : {}
  const compose = (...argv: string[]) =>
    command(
      ['docker', 'compose', '--project-name', project, '--file', join(folder, 'stack', 'compose.yaml'), ...argv],
      env,
    )
  compose('up', '--detach')
  write(folder, {
    'targets.yaml': targets(
      '{ runtime: docker, compose: stack/compose.yaml, defaults: { lease: 2s } }',
      `{ runtime: docker, project: ${project}, defaults: { lease: 2s } }`,
    ),
  })
  return {
    ...common,
    env,
    inside: daemon?.inside ?? [],
    mend: async () => {
      freshen(folder)
      command(['docker', 'rm', '--force', '--volumes', `${project}-web-1`], env)
      compose('up', '--detach', '--force-recreate')
    },
    strikes: {
      'disk full': fills(folder),
      'container replaced': replaces(project),
      ...(daemon ? { 'daemon restarted': daemon.restart } : {}),
    },
    [Symbol.asyncDispose]: async () => {
      compose('down', '--volumes', '--timeout', '0')
      await daemon?.[Symbol.asyncDispose]()
      clear()
    },
  }
}

/** A network of its own leads nowhere, so what network faults need is built before. */
async function helper(): Promise<string> {
  const transport = localTransport()
  return helperImage(await Engine.open(transport, daemonAddress(undefined, transport)), undefined, () => undefined)
}

/** Another container of that name: somebody else's, with the labels of Compose, since it is how Compose itself does it. */
function replaces(project: string): string {
  const labels = ['com.docker.compose.project', 'com.docker.compose.service', 'com.docker.compose.container-number']
  const values = [project, 'web', '1']
  const all = labels.map((label, index) => `--label ${label}=${values[index]}`).join(' ')
  return `docker rm --force ${project}-web-1 >/dev/null
docker run --detach --name ${project}-web-1 --network ${project}_default --network-alias web --label theirs=yes --label com.docker.compose.oneoff=False ${all} --env COLOR=blue ${IMAGE} perl /server.pl >/dev/null`
}

function targets(own: string, running: string): string {
  return `targets:\n  own: ${own}\n  running: ${running}\nplugins: [./killer.ts]\n`
}

/** Where a second run tells how it ended. */
export const SECOND = 'trial-second.code'

/** Whether the run is hit while there is more to come. */
export function isEarly(window: Choice['window']): boolean {
  return window !== 'in the middle of undo' && window !== 'during a restore step'
}

/** The change, some time with it in (as long as a second run takes to be refused), and its restore. */
export function writePlan({ folder }: Stage, { seed, stack, fault, blow, window }: Choice): string {
  const file = `trial-${seed}.yaml`
  writeFileSync(
    join(folder, file),
    `plan: Trial ${seed}
target: ${stack}
steps:
  - id: it
    ${stepOf(fault)}
  - ${blow === 'two runs' && isEarly(window) ? `wait-for: { file: ${join(folder, SECOND)}, exists: true, within: 2m }` : 'sleep: 400ms'}
  - restore: it
  - apply-config: { file: config.json, set: { $.again: true } }
`,
  )
  return file
}

function command(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  const { exitCode, stderr } = Bun.spawnSync([...argv], { env: { ...process.env, ...env } })
  if (exitCode !== 0) throw new Error(`the stack of the trials: ${stderr}`)
}
