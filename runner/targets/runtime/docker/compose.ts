/** The Compose command, v2 or v1, run on this machine against the target's daemon. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import type { RuntimeHost } from '../../../contracts/target.ts'
import type { Address, Transport } from '../../../contracts/transport.ts'
import { execLocally } from '../../transport/local-exec.ts'
import { forwardSocket } from './forward.ts'

const BUILD_LIMIT = 30 * 60_000
const UP_LIMIT = 10 * 60_000

export interface ComposeParts {
  readonly files: readonly string[]
  readonly project: string
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly address: Address
  readonly transport: Transport
  readonly host: RuntimeHost
}

/** What a stack is made of, as Compose itself reads it. */
interface Model {
  readonly services: Readonly<Record<string, { readonly image?: string; readonly build?: unknown }>>
  readonly networks?: Readonly<Record<string, { readonly external?: unknown } | null>>
  readonly volumes?: Readonly<Record<string, { readonly external?: unknown } | null>>
}

/** What was built or found in this run, so that a second case does not ask again. */
const prepared = new Map<string, Promise<void>>()

export class Compose {
  readonly #parts: ComposeParts
  readonly #command: readonly string[]
  readonly #model: Model
  readonly #override: string

  private constructor(parts: ComposeParts, command: readonly string[], model: Model) {
    this.#parts = parts
    this.#command = command
    this.#model = model
    this.#override = join(parts.host.folder, 'shakedown.compose.yaml')
  }

  /** Throws a TargetError with what Compose says of a file that is wrong. */
  static async open(parts: ComposeParts): Promise<Compose> {
    for (const file of parts.files)
      if (!existsSync(file))
        throw new TargetError(`there is no compose file ${file}: \`compose\` is relative to targets.yaml`)
    const command = await composeCommand()
    const bare = new Compose(parts, command, { services: {} })
    const { parse } = await import('yaml')
    const model = parse(await bare.#run(['config'], parts.files, 60_000, 'is not a stack')) as Model
    return new Compose(parts, command, model)
  }

  get services(): readonly string[] {
    return Object.keys(this.#model.services)
  }

  /** Builds or pulls what is not there, once a run; then brings the containers up. */
  async up(): Promise<void> {
    this.#writeOverride()
    const { files, environment, host, transport, address } = this.#parts
    const key = JSON.stringify([files, environment, transport.address, address])
    const ready = prepared.get(key) ?? this.#prepare()
    prepared.set(key, ready)
    await ready
    host.note(`starting ${this.services.join(', ')}`)
    await this.#run(['up', '--detach', '--no-build'], [...files, this.#override], UP_LIMIT, 'did not come up')
  }

  async scale(service: string, to: number): Promise<void> {
    const all = [...this.#parts.files, this.#override]
    await this.#run(
      ['up', '--detach', '--no-build', '--no-recreate', '--scale', `${service}=${to}`, service],
      all,
      UP_LIMIT,
      'could not be scaled',
    )
  }

  async #prepare(): Promise<void> {
    const all = [...this.#parts.files, this.#override]
    const built = Object.entries(this.#model.services).filter(([, { build }]) => build !== undefined)
    if (built.length > 0) {
      this.#parts.host.note(`building ${built.map(([name]) => name).join(', ')}`)
      // v1 leaves the container of a command that failed; v2 removes it by itself.
      const removing = this.#command.length === 1 ? ['--force-rm'] : []
      await this.#run(
        ['build', ...removing],
        all,
        BUILD_LIMIT,
        'could not be built',
        this.#builder(built.map(([, { image }]) => image)),
      )
    }
    await this.#demandImages(all)
  }

  /** Images are labelled with the project that built them: another one each time would leave the last image behind, without a name. */
  #builder(images: readonly (string | undefined)[]): string {
    const { project } = this.#parts
    return images.some((image) => image?.includes(project)) ? project : 'shakedown'
  }

  /** One that is neither here nor can be pulled is told by its name, before anything is started. */
  async #demandImages(all: readonly string[]): Promise<void> {
    for (const [name, { image, build }] of Object.entries(this.#model.services)) {
      if (build !== undefined || image === undefined) continue
      const seen = await this.#docker(['image', 'inspect', '--format', '{{.Id}}', image])
      if (seen.code === 0) continue
      this.#parts.host.note(`pulling ${image}`)
      await this.#run(
        ['pull', name],
        all,
        BUILD_LIMIT,
        `needs the image ${image}, which is not here and can’t be pulled`,
      )
    }
  }

  async #docker(argv: readonly string[]) {
    return this.#withDaemon((env) =>
      execLocally({ argv: ['docker', ...argv] }, { env, timeout: 60_000 }, new AbortController().signal),
    )
  }

  /** Built images get a name that all cases share, and everything gets our labels. */
  #writeOverride(): void {
    const { labels, files } = this.#parts
    const id = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 8)
    const stack = basename(dirname(files[0] as string))
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
    const labelled = (all: Readonly<Record<string, { external?: unknown } | null>> = {}) =>
      Object.fromEntries(
        Object.entries(all)
          .filter(([, one]) => !one?.external)
          .map(([name]) => [name, { labels }]),
      )
    const services = Object.entries(this.#model.services).map(([name, { build, image }]) => [
      name,
      { labels, ...(build === undefined || image !== undefined ? {} : { image: `shakedown/${stack}-${name}:${id}` }) },
    ])
    const networks = { ...labelled(this.#model.networks) }
    const override = {
      ...versionOf(files[0] as string),
      services: Object.fromEntries(services),
      ...(Object.keys(networks).length > 0 ? { networks } : {}),
      ...(Object.keys(labelled(this.#model.volumes)).length > 0 ? { volumes: labelled(this.#model.volumes) } : {}),
    }
    mkdirSync(this.#parts.host.folder, { recursive: true, mode: 0o700 })
    writeFileSync(this.#override, JSON.stringify(override, undefined, 2), { mode: 0o600 })
  }

  async #run(
    argv: readonly string[],
    files: readonly string[],
    timeout: number,
    problem: string,
    project = this.#parts.project,
  ): Promise<string> {
    const all = [...this.#command, '--project-name', project, ...files.flatMap((file) => ['--file', file]), ...argv]
    const exit = await this.#withDaemon((env) =>
      execLocally({ argv: all }, { env, timeout, cwd: dirname(files[0] as string) }, new AbortController().signal),
    )
    if (exit.code === 0) return Buffer.from(exit.stdout).toString()
    const [stdout, stderr] = [exit.stdout, exit.stderr].map((bytes) => Buffer.from(bytes).toString().trim())
    const words = stderr || stdout || ''
    const names = this.#parts.files.map((file) => basename(file)).join(', ')
    const what = `${names} ${exit.timedOut ? 'took too long' : problem}`
    throw new TargetError(`${what}: ${essence(words)}${buildReason(stdout, words)}`, {
      details: {
        // A builder writes what a command of the Dockerfile said to either stream.
        outputs: [{ of: `\`${this.#command.join(' ')} ${argv[0]}\``, stdout: exit.stdout, stderr: exit.stderr }],
        hint: aboutPorts(words),
      },
    })
  }

  async #withDaemon<T>(work: (env: Record<string, string>) => Promise<T>): Promise<T> {
    const { address, transport, host, environment } = this.#parts
    await using socket = await forwardSocket(transport, address, host.folder)
    // Awaited, since the socket goes with this block.
    return await work({
      ...environment,
      DOCKER_HOST: socket.host,
      DOCKER_CONTEXT: '',
      COMPOSE_ANSI: 'never',
      COMPOSE_PROGRESS: 'plain',
      COMPOSE_MENU: '0',
      BUILDKIT_PROGRESS: 'plain',
      DOCKER_CLI_HINTS: 'false',
    })
  }
}

/**
 * The output of the failed command of the Dockerfile. BuildKit repeats its output between dashes, with times in front; the
 * legacy builder only writes it to stdout.
 */
function buildReason(stdout = '', words: string): string {
  const blocks = [...`${stdout}\n${words}`.matchAll(/^-{3,}\n > .*:\n([\s\S]*?)\n-{3,}$/gm)]
  const legacy = /returned a non-zero code/.test(words) ? stdout.replace(/^(Step \d|\s*--->|Removing ).*$/gm, '') : ''
  const lines = (blocks.at(-1)?.[1] ?? legacy).split('\n').map((line) => line.replace(/^\d+\.\d+ /, '').trim())
  const last = lines.findLast((line) => line !== '')
  return last === undefined ? '' : `: ${last}`
}

/** Every case brings up a stack of its own, and a port of the host can be published once. */
function aboutPorts(words: string): string | undefined {
  if (!/port is already allocated|address already in use|ports are not available/i.test(words)) return undefined
  return 'another stack or program has that port of the host: write `ports: ["80"]` instead of `"8080:80"`, and each stack gets a free one; plans reach a service by its name without any'
}

const found = new Map<string, Promise<readonly string[]>>()

/** v2 is a part of the `docker` command, v1 a command of its own; SHAKEDOWN_COMPOSE chooses one. */
/** Throws a TargetError when there is none. */
export function composeCommand(): Promise<readonly string[]> {
  const said = process.env['SHAKEDOWN_COMPOSE'] ?? ''
  const command = found.get(said) ?? findCommand(said)
  found.set(said, command)
  return command
}

async function findCommand(said: string): Promise<readonly string[]> {
  const choices = said ? [said.split(' ')] : [['docker', 'compose'], ['docker-compose']]
  for (const command of choices) {
    const exit = await execLocally({ argv: [...command, 'version'] }, { timeout: 10_000 }, new AbortController().signal)
    if (exit.code === 0) return command
  }
  found.delete(said)
  throw new TargetError(
    said
      ? `SHAKEDOWN_COMPOSE is "${said}", and \`${said} version\` does not work`
      : 'there is no Compose here: install the plugin (`docker compose version` must work), or docker-compose',
  )
}

/** Files of one stack have to agree on their version for v1. */
function versionOf(file: string): { version?: string } {
  const [, version] = /^version:\s*["']?([\d.]+)/m.exec(readFileSync(file, 'utf8')) ?? []
  return version === undefined ? {} : { version }
}

/** The line that says what is wrong, out of many that say what went well. */
function essence(words: string): string {
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Service '.*' failed to build : Build failed$/.test(line))
  return (
    lines.findLast((line) => /error|fail|invalid|not found|denied|unsupported|no such|unable/i.test(line)) ??
    lines.at(-1) ??
    messageOf('it says nothing')
  )
}

export function composeFiles(said: string | readonly string[], home: string): readonly string[] {
  return (typeof said === 'string' ? [said] : said).map((file) => resolve(home, file))
}
