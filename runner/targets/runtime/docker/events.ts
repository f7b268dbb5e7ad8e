/** The daemon's event stream, followed once for a stack: it wakes whoever waits for one of its containers. */
import type { Readable } from 'node:stream'
import type { Wake } from '../../../contracts/target.ts'
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
  #following: Promise<void> | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Resolves once the stream is open, so that nothing that happens afterwards is missed. */
  async listen(listener: Listener): Promise<AsyncDisposable> {
    this.#listeners.add(listener)
    await this.#open()
    return { [Symbol.asyncDispose]: async () => void this.#listeners.delete(listener) }
  }

  /** Wakes at what may change how one of the containers is. */
  watch(concerns: (event: ContainerEvent) => boolean, name: string, wake: Wake): Promise<AsyncDisposable> {
    return this.listen((event) => {
      if (event === undefined) wake(`Docker's events began anew`)
      else if (concerns(event) && !event.Action.startsWith('exec_')) wake(`${name}: ${event.Action}`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('over'))
    await this.#following?.catch(() => undefined)
  }

  #open(): Promise<void> {
    const opened = Promise.withResolvers<void>()
    if (this.#following === undefined) this.#following = this.#follow(opened.resolve, opened.reject)
    else opened.resolve()
    return opened.promise
  }

  async #follow(opened: () => void, failed: (error: unknown) => void): Promise<void> {
    for (let first = true; !this.#over.signal.aborted; first = false) {
      try {
        const filters = encodeURIComponent(JSON.stringify({ type: ['container', 'network'] }))
        const stream = await this.#engine.stream(`/events?filters=${filters}`, this.#over.signal)
        if (first) opened()
        else this.#tell(undefined)
        await this.#read(stream)
      } catch (error) {
        if (first) {
          this.#following = undefined
          return failed(error)
        }
      }
      // What happened before the stream is open again is not replayed reliably, so everybody looks anew.
      if (!this.#over.signal.aborted) {
        this.#tell(undefined)
        await Bun.sleep(TRY_AGAIN)
      }
    }
  }

  async #read(stream: Readable): Promise<void> {
    let rest = ''
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') this.#tell(JSON.parse(line) as ContainerEvent)
    }
  }

  #tell(event: ContainerEvent | undefined): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
