/** Connections that start inside a container, also in an image with nothing in it: a helper shares its network namespace. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TargetError } from '../../../../contracts/errors.ts'
import type { Reached } from '../../../../contracts/transport.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { Group } from '../group.ts'
import type { Inspection } from '../inspection.ts'
import { forwardScript } from './forward-script.ts'
import { Forwarded } from './forwarded.ts'
import { helperImage } from './image.ts'

export interface InsideParts {
  readonly engine: Engine
  readonly image: string | undefined
  readonly labels: Readonly<Record<string, string>>
  note(message: string): void
}

/** A helper that waits for its stdin to end: it goes with this process, whatever becomes of that. */
interface Helper {
  readonly id: string
  readonly socket: Duplex
}

/** Helpers are kept: one a container and start, since each start has a namespace of its own. */
export class Insides implements AsyncDisposable {
  readonly #parts: InsideParts
  readonly #helpers = new Map<string, Promise<Helper>>()

  constructor(parts: InsideParts) {
    this.#parts = parts
  }

  /** Names are looked up inside. Throws an error with a `code`, and a TargetError where the container itself can't be entered. */
  async connect(
    group: Group,
    to: { host: string; port: number },
    signal: AbortSignal,
    reached?: Reached,
  ): Promise<Duplex> {
    const one = await group.first()
    if (one.State.Status !== 'running')
      throw new TargetError(`${group.name} is ${one.State.Status}`, { transient: true })
    try {
      return await this.#forward(await this.#helperOf(one), to, signal, reached)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      // Somebody removed the helper.
      await this.#end(keyOf(one))
      return this.#forward(await this.#helperOf(one), to, signal, reached)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#helpers.keys()].map((key) => this.#end(key)))
  }

  async #forward(
    { id }: Helper,
    { host, port }: { host: string; port: number },
    signal: AbortSignal,
    reached: Reached | undefined,
  ): Promise<Duplex> {
    const { engine } = this.#parts
    const { Id } = await engine.json<{ Id: string }>('POST', `/containers/${id}/exec`, {
      body: {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Cmd: ['perl', '-e', forwardScript, '--', host, String(port)],
      },
      signal,
    })
    const socket = await engine.hijack(`/exec/${Id}/start`, { Detach: false, Tty: false }, signal)
    reached?.('resolving')
    return Forwarded.open(socket, signal, reached)
  }

  #helperOf(one: Inspection): Promise<Helper> {
    const key = keyOf(one)
    const known = this.#helpers.get(key)
    if (known) return known
    const begun = this.#begin(one)
    this.#helpers.set(key, begun)
    begun.catch(() => this.#helpers.delete(key))
    return begun
  }

  async #begin({ Id }: Inspection): Promise<Helper> {
    const { engine, image, labels, note } = this.#parts
    const name = `shakedown-inside-${randomBytes(6).toString('hex')}`
    const signal = new AbortController().signal
    const { Id: id } = await engine.json<{ Id: string }>('POST', `/containers/create?name=${name}`, {
      body: {
        Image: await helperImage(engine, image, note),
        Cmd: ['cat'],
        Labels: labels,
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        HostConfig: {
          NetworkMode: `container:${Id}`,
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
          AutoRemove: true,
        },
      },
    })
    try {
      const socket = await engine.hijack(`/containers/${id}/attach?stream=1&stdin=1`, {}, signal)
      socket.on('error', () => undefined)
      await engine.bytes('POST', `/containers/${id}/start`)
      return { id, socket }
    } catch (error) {
      await remove(engine, id)
      throw error
    }
  }

  async #end(key: string): Promise<void> {
    const helper = await this.#helpers.get(key)?.catch(() => undefined)
    this.#helpers.delete(key)
    if (!helper) return
    helper.socket.destroy()
    await remove(this.#parts.engine, helper.id)
  }
}

function keyOf({ Id, State }: Inspection): string {
  return `${Id}@${State.StartedAt}`
}

/** One that is on its way out already answers 404 or 409. */
async function remove(engine: Engine, id: string): Promise<void> {
  try {
    await engine.bytes('DELETE', `/containers/${id}?force=1`)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
  }
}
