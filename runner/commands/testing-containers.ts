/** For tests of plans on real containers: one running stack for all tests of a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, runCli } from './testing.ts'

/** A container that answers `{}` on port 80. */
export const server = {
  image: 'debian:bookworm-slim',
  command: [
    'perl',
    '-e',
    `use IO::Socket::INET; $SIG{TERM}=sub{exit 0}; my $s=IO::Socket::INET->new(LocalPort=>80,Listen=>50,ReuseAddr=>1) or die;
while(my $c=$s->accept){while(<$c>){last if /^\\r?\\n$/} print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}"; close $c}`.replaceAll(
      '$',
      () => '$$',
    ),
  ],
  expose: ['80'],
}

export class Containers {
  readonly folder = mkdtempSync(join(tmpdir(), 'shakedown-containers-'))
  readonly project: string
  readonly #plans: string[] = []
  #isUp = false

  /** `lease` is that of the guardian. */
  constructor(name: string, stack: object, lease = '10s') {
    this.project = `shakedown-${name}-test-${process.pid}`
    this.write('compose.yaml', JSON.stringify(stack))
    this.write(
      'targets.yaml',
      `targets:\n  demo: { runtime: docker, project: ${this.project}, defaults: { lease: ${lease} } }\n`,
    )
  }

  /** One stack for all tests; what a plan does to it is put back. */
  start(): void {
    if (!this.#isUp) this.#compose('up', '--detach')
    this.#isUp = true
  }

  end(): void {
    try {
      if (this.#isUp) this.#down()
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  /** A plan's file. */
  plan(name: string, steps: readonly string[]): string {
    const file = `${name}-${process.pid}.yaml`
    this.write(file, `plan: ${name}\ntarget: demo\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`)
    this.#plans.push(file)
    return file
  }

  run(name: string, steps: readonly string[]) {
    this.start()
    return runCli([this.plan(name, steps), '--color', 'never'], { cwd: this.folder })
  }

  /** A run that goes on until it is ended. */
  spawn(name: string, steps: readonly string[]) {
    this.start()
    return Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), this.plan(name, steps)], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
  }

  /** The exit code of a command inside. */
  exec(service: string, ...argv: readonly string[]): number {
    return Bun.spawnSync(['docker', 'exec', `${this.project}-${service}-1`, ...argv]).exitCode
  }

  /** Helpers of the network that runs of these plans have left. */
  helpers(): string[] {
    return this.#plans.flatMap((file) => {
      const filters = [`label=shakedown.plan=${file}`, 'label=shakedown.fault'].flatMap((one) => ['--filter', one])
      const { stdout } = Bun.spawnSync(['docker', 'ps', '--all', '--quiet', ...filters])
      return stdout.toString().split('\n').filter(Boolean)
    })
  }

  /** Compose knows nothing of the volumes of containers that were made again. */
  #down(): void {
    const label = '{{ .Label "shakedown.volumes" }}'
    const filter = `label=com.docker.compose.project=${this.project}`
    const { stdout } = Bun.spawnSync(['docker', 'ps', '--all', '--format', label, '--filter', filter])
    this.#compose('down', '--timeout', '0', '--volumes')
    const volumes = stdout.toString().split(/\s+/).filter(Boolean)
    if (volumes.length > 0) Bun.spawnSync(['docker', 'volume', 'rm', ...volumes])
  }

  #compose(...argv: string[]): void {
    const all = ['docker', 'compose', '--project-name', this.project, ...argv]
    const { exitCode, stderr } = Bun.spawnSync(all, { cwd: this.folder })
    if (exitCode !== 0) throw new Error(stderr.toString())
  }
}

export async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to that')
    await Bun.sleep(20)
  }
}
