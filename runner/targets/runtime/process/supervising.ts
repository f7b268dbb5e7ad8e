/** The runner's side of a stack's supervisor. */
import { quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import type { Spawned, Transport, Wake } from '../../../contracts/transport.ts'
import type { Machine } from './machine.ts'
import { supervisor } from './supervisor.ts'

/** How long a supervisor whose runner is done may take to end, in ms. */
const END_WITHIN = 5_000

export class Supervising {
  readonly #transport: Transport
  readonly #machine: Machine
  readonly #grace: number
  readonly #wakes = new Map<string, Set<Wake>>()
  #child: Spawned | undefined
  #kept = false

  /** `grace`: hundredths of a second until what does not end with the stack is killed. */
  constructor(transport: Transport, machine: Machine, grace: number) {
    this.#transport = transport
    this.#machine = machine
    this.#grace = grace
  }

  /** It outlives us until its stdin ends. Throws a TargetError when it does not come up. */
  async start(): Promise<void> {
    const args = [this.#machine.stack, String(this.#grace)]
    this.#child = await this.#transport.spawn?.(supervisor, args, (line) => this.#told(line))
    if ((await this.#child?.said) !== 'ready') throw new TargetError('the supervisor of the stack ended at once')
  }

  /** Asks for a start; `started` and `exited` are told to those who watch. */
  tell(line: string): void {
    this.#child?.tell(line)
  }

  watch(service: string, wake: Wake): Disposable {
    const wakes = this.#wakes.get(service) ?? new Set()
    this.#wakes.set(service, wakes.add(wake))
    return { [Symbol.dispose]: () => void wakes.delete(wake) }
  }

  wake(service: string, because: string): void {
    for (const wake of this.#wakes.get(service) ?? []) wake(because)
  }

  /** From now on the stack outlives the runner, until its undo is run. */
  async keep(): Promise<void> {
    if (!this.#child) return
    this.#kept = true
    const sh = `: >${quote(this.#machine.stack)}/.keep`
    await this.#transport.exec({ sh }, { cwd: '/' }, new AbortController().signal)
  }

  /** Lets go of it: unless it is kept it ends, and everything with it. */
  async close(): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#child = undefined
    child.release()
    if (this.#kept) return
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, END_WITHIN)
    await Promise.race([child.ended, over.promise])
    clearTimeout(timer)
  }

  /** `started NAME PID`, `exited NAME CODE`, `continued NAME`, `gone`. */
  #told(line: string): void {
    const [word = '', service, what] = line.split(' ')
    if (service === undefined) return
    if (word === 'started') this.#machine.started(service, Number(what))
    this.wake(service, word === 'exited' ? `${service} exited with ${what}` : `${service} ${word}`)
  }
}
