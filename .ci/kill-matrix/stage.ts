/** The folder that trials happen in: targets, plans, and what they change. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Choice, RuntimeName } from './choice.ts'
import { stepOf } from './faults.ts'

export interface Stage extends AsyncDisposable {
  readonly folder: string
  readonly runtime: RuntimeName
  /** Compose project of the stack that runs all the time; empty for processes. */
  readonly project: string
}

const SERVER = `use IO::Socket::INET; $|=1; $SIG{TERM}=sub{exit 0};
my $s=IO::Socket::INET->new(LocalAddr=>$ENV{HOST}||"0.0.0.0",LocalPort=>$ENV{PORT}||80,Listen=>50,ReuseAddr=>1) or die $!;
while(my $c=$s->accept){while(<$c>){last if /^\\r?\\n$/} print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}"; close $c}
`
const COMPOSE = `services:
  web:
    build: .
    image: shakedown-kill-matrix
    command: [perl, /server.pl]
    expose: ["80"]
    environment: { COLOR: blue }
  other:
    image: shakedown-kill-matrix
    command: [perl, /server.pl]
    expose: ["80"]
`
const DOCKERFILE = `FROM debian:bookworm-slim
COPY server.pl /server.pl
RUN echo '{"pool":   "main"}' >/etc/conf.json
`

export async function setStage(runtime: RuntimeName, name: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'shakedown-kill-'))
  const project = runtime === 'docker' ? `shk-kill-${process.pid}-${name}` : ''
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('server.pl', SERVER)
  write('config.json', '{"pool":   "main"}\n')
  write('here.txt', 'here\n')
  write('killer.ts', `export { default } from ${JSON.stringify(join(import.meta.dir, 'killer.ts'))}\n`)
  if (runtime === 'docker') {
    mkdirSync(join(folder, 'stack'))
    write('stack/compose.yaml', COMPOSE)
    write('stack/Dockerfile', DOCKERFILE)
    write('stack/server.pl', SERVER)
    await compose(folder, project, ['up', '--detach', '--build'])
  }
  write('targets.yaml', targets(runtime, project))
  return {
    folder,
    runtime,
    project,
    [Symbol.asyncDispose]: async () => {
      if (project !== '') await compose(folder, project, ['down', '--volumes', '--timeout', '0'])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The stack that is running is, for processes, this machine with its files. */
function targets(runtime: RuntimeName, project: string): string {
  const defaults = 'defaults: { lease: 2s }'
  const own =
    runtime === 'docker'
      ? `{ runtime: docker, compose: stack/compose.yaml, ${defaults} }`
      : `{ runtime: process, ${defaults}, services: { web: { command: [perl, server.pl], port: auto, env: { HOST: 127.0.0.1 }, ready: { tcp: web } } } }`
  const running =
    runtime === 'docker' ? `{ runtime: docker, project: ${project}, ${defaults} }` : `{ runtime: process, ${defaults} }`
  return `targets:\n  own: ${own}\n  running: ${running}\nplugins: [./killer.ts]\n`
}

/** The change, some time with it in, and its restore. */
export function writePlan({ folder }: Stage, { seed, stack, fault }: Choice): string {
  const file = `trial-${seed}.yaml`
  writeFileSync(
    join(folder, file),
    `plan: Trial ${seed}
target: ${stack}
steps:
  - id: it
    ${stepOf(fault)}
  - sleep: 400ms
  - restore: it
  - apply-config: { file: config.json, set: { $.again: true } }
`,
  )
  return file
}

async function compose(folder: string, project: string, argv: readonly string[]): Promise<void> {
  const file = join(folder, 'stack', 'compose.yaml')
  const child = Bun.spawn(['docker', 'compose', '--project-name', project, '--file', file, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const words = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`the stack of the trials: ${words}`)
}
