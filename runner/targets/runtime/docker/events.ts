/** The daemon's event stream, followed once for a stack: it wakes whoever waits for one of its containers. */
import type { Readable } from 'node:stream'
import type { Wake } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'

/** Between two tries to reach a daemon that went away, in ms. */
const TRY_AGAIN = 250

export interface ContainerEvent {
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
}

type Listener = (event: ContainerEvent | undefined) => void

/** Listeners are called with each event of a container, and without one when some may have been missed. */
export class Events implements AsyncDisposable {
  readonly #engine: Engine
  readonly #listeners = new Set<Listener>()
  readonly #over = new AbortController()
  #opened: Promise<void> | undefined
  #following: Promise<void> | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Resolves once the stream is open, so that nothing that happens afterwards is missed. */
  async listen(listener: Listener): Promise<AsyncDisposable> {
    this.#listeners.add(listener)
    try {
      await this.#open()
    } catch (error) {
      this.#listeners.delete(listener)
      throw error
    }
    return { [Symbol.asyncDispose]: async () => void this.#listeners.delete(listener) }
  }

  /** Wakes at what may change how one of the containers is. */
  watch(concerns: (event: ContainerEvent) => boolean, name: string, wake: Wake): Promise<AsyncDisposable> {
    return this.listen((event) => {
      if (event === undefined) wake('Docker’s events began anew')
      else if (concerns(event) && !event.Action.startsWith('exec_')) wake(`${name}: ${event.Action}`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('over'))
    await this.#opened?.catch(() => undefined)
    await this.#following
  }

  #open(): Promise<void> {
    this.#opened ??= this.#begin()
    return this.#opened
  }

  async #begin(): Promise<void> {
    try {
      const stream = await this.#stream()
      this.#following = this.#follow(stream)
    } catch (error) {
      this.#opened = undefined
      throw error
    }
  }

  /** What happened before the stream is open again is not replayed reliably, so everybody looks anew. */
  async #follow(first: Readable): Promise<void> {
    let stream: Readable | undefined = first
    while (!this.#over.signal.aborted) {
      if (stream) await this.#read(stream).catch(() => undefined)
      if (this.#over.signal.aborted) return
      this.#tell(undefined)
      await Bun.sleep(TRY_AGAIN)
      stream = await this.#stream().catch(() => undefined)
      if (stream) this.#tell(undefined)
    }
  }

  async #stream(): Promise<Readable> {
    const filters = encodeURIComponent(JSON.stringify({ type: ['container', 'network'] }))
    const stream = await this.#engine.stream(`/events?filters=${filters}`, this.#over.signal)
    return stream.setEncoding('utf8')
  }

  async #read(stream: Readable): Promise<void> {
    let rest = ''
    for await (const chunk of stream) {
      const lines = (rest + (chunk as string)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') this.#tell(JSON.parse(line) as ContainerEvent)
    }
  }

  #tell(event: ContainerEvent | undefined): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
