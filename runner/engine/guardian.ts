/** The runner's side of a guardian: what puts everything back when the runner can't any more. */
import { messageOf, TargetError } from '../contracts/errors.ts'
import type { Spawned, Transport } from '../contracts/transport.ts'
import { withinTime } from './deadline.ts'
import { guardianScript } from './guardian-script.ts'

const BEAT_EVERY = 1_000
const READY_WITHIN = 10_000

/** Watches over one journal from before its first change until all of it is undone. */
export class Guardian implements Disposable {
  readonly #transport: Transport
  readonly #args: readonly string[]
  #child: Spawned | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #commands: Disposable | undefined
  #over = false

  private constructor(transport: Transport, args: readonly string[]) {
    this.#transport = transport
    this.#args = args
  }

  /** `lease`: ms without a sign of life after which the runner is taken for gone. Resolves once it has answered. Throws a TargetError when it does not, and undefined where nothing can be started. */
  static async start(transport: Transport, folder: string, work: string, lease: number): Promise<Guardian | undefined> {
    if (!transport.spawn) return undefined
    const guardian = new Guardian(transport, [folder, String(Math.max(2, Math.round(lease / 1_000))), work])
    await guardian.#begin()
    guardian.#commands = transport.watchCommands?.((line) => guardian.#child?.tell(line))
    guardian.#timer = setInterval(() => guardian.#beat(), BEAT_EVERY)
    return guardian
  }

  /** Everything is undone, or kept on purpose: nobody has to watch any more. */
  [Symbol.dispose](): void {
    this.#over = true
    clearInterval(this.#timer)
    this.#commands?.[Symbol.dispose]()
    this.#child?.tell('done')
    this.#child?.release()
  }

  async #begin(): Promise<void> {
    try {
      const child = await this.#transport.spawn?.(guardianScript, this.#args)
      const said = child && (await withinTime(child.said, READY_WITHIN))
      if (!child || !said?.startsWith('ready')) throw new Error('it did not answer')
      this.#child = child
      child.tell('beat')
      void child.ended.then(() => this.#again())
    } catch (error) {
      throw new TargetError(`nothing was changed, since no guardian could be started: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /** One that was killed is replaced before the other half of it takes the silence for our end. */
  async #again(): Promise<void> {
    if (this.#over) return
    await this.#begin().catch(() => undefined)
  }

  #beat(): void {
    this.#child?.tell('beat')
  }
}
