/** The containers of one service, as they were when they were last looked at: one, or several replicas. */
import { TargetError } from '../../../contracts/errors.ts'
import { Restarts } from '../restarts.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'
import type { Inspection } from './inspection.ts'
import type { Named } from './scripts.ts'
import { containersOf, type Selector } from './selection.ts'

export class Group {
  readonly name: string
  readonly engine: Engine
  readonly selector: Selector
  /** Which of the replicas, from 1; undefined is all of them. */
  readonly #replica: number | undefined
  #last: readonly Inspection[] = []
  readonly #restarts = new Map<string, Restarts>()
  /** Reads the end of its log, which goes with a container. */
  keepLog: () => Promise<void> = async () => undefined

  constructor(name: string, engine: Engine, selector: Selector, replica?: number) {
    this.name = name
    this.engine = engine
    this.selector = selector
    this.#replica = replica
  }

  /** What it is looked for by, for people. */
  get says(): string {
    const { selector } = this
    if ('container' in selector) return `the name ${selector.container}`
    return 'label' in selector ? `the label ${selector.label}` : `project ${selector.project}`
  }

  /** Restarts that were made before now are of somebody else's time. */
  beginCount(): void {
    for (const { Id, RestartCount } of this.#last) this.#restarts.set(Id, new Restarts(RestartCount))
  }

  /** Restarts of all its containers that the daemon made by itself, also of those that are gone; as of the last look. */
  get restarts(): number {
    return [...this.#restarts.values()].reduce((sum, { total }) => sum + total, 0)
  }

  /** As of the last look. */
  get last(): readonly Inspection[] {
    return this.#last
  }

  /** Looks now. What is gone is not in the list. */
  async look(): Promise<readonly Inspection[]> {
    const known = this.#last.length > 0 ? await this.#inspect(this.#last.map(({ Id }) => Id)) : []
    const complete = known.length > 0 && known.length === this.#last.length
    // Another one may have taken its place.
    this.#last = complete ? known : await this.#inspect(await this.#ids())
    return this.#last
  }

  /** Looks for containers that were added, too. */
  async lookAnew(): Promise<readonly Inspection[]> {
    this.#last = await this.#inspect(await this.#ids())
    return this.#last
  }

  /** Throws a TargetError when there is none. */
  async present(): Promise<readonly Inspection[]> {
    const all = await this.look()
    if (all.length > 0) return all
    throw new TargetError(`${this.name} has no container: it was removed`, { transient: true })
  }

  /** The first that runs, else the first there is. */
  async first(): Promise<Inspection> {
    const all = await this.present()
    return all.find(({ State }) => State.Status === 'running') ?? (all[0] as Inspection)
  }

  /** Whether an event is about one of them, or about one that may become one. */
  concerns(id: string, attributes: Readonly<Record<string, string>>): boolean {
    if (this.#last.some(({ Id }) => Id === id) || attributes['container'] === this.#last[0]?.Id) return true
    const selector = this.selector
    if ('container' in selector) return attributes['name'] === selector.container
    if ('label' in selector) {
      const [key = '', value] = selector.label.split('=')
      return value === undefined ? key in attributes : attributes[key] === value
    }
    return (
      attributes['com.docker.compose.project'] === selector.project &&
      attributes['com.docker.compose.service'] === selector.service
    )
  }

  async #ids(): Promise<readonly string[]> {
    const ids = await containersOf(this.engine, this.selector)
    return this.#replica === undefined ? ids : ids.slice(this.#replica - 1, this.#replica)
  }

  #count(id: string, now: number): void {
    const restarts = this.#restarts.get(id) ?? new Restarts(0)
    this.#restarts.set(id, restarts)
    restarts.see(now)
  }

  async #inspect(ids: readonly string[]): Promise<readonly Inspection[]> {
    const all = await Promise.all(ids.map((id) => inspect(this.engine, id)))
    const found = all.filter((one) => one !== undefined)
    for (const { Id, RestartCount } of found) this.#count(Id, RestartCount)
    return found
  }
}

/** Undefined when there is no such container. */
export async function inspect(engine: Engine, id: string): Promise<Inspection | undefined> {
  try {
    return await engine.json<Inspection>('GET', `/containers/${id}/json`)
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined
    throw error
  }
}

export function named({ Id, Name, State }: Inspection): Named {
  return { id: Id, name: Name.replace(/^\//, ''), started: State.StartedAt }
}
