/** The runner's side of a stack's supervisor. */
import { existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import type { Wake } from '../../../contracts/target.ts'
import { supervisor } from './supervisor.ts'

/** How long a supervisor whose runner is done may take to end, in ms. */
const END_WITHIN = 5_000
/** CI systems kill what carries their marks once a job is over, also what a `--keep` has left on purpose. */
const MARKS = ['BUILD_ID', 'BUILD_URL', 'JENKINS_NODE_COOKIE', 'JENKINS_SERVER_COOKIE', 'RUNNER_TRACKING_ID']

type Child = Bun.Subprocess<'pipe', 'pipe', number>

export class Supervising {
  readonly #stack: string
  readonly #grace: number
  readonly #wakes = new Map<string, Set<Wake>>()
  #child: Child | undefined
  #lines: Promise<void> = Promise.resolve()

  /** `grace`: hundredths of a second until what does not end with the stack is killed. */
  constructor(stack: string, grace: number) {
    this.#stack = stack
    this.#grace = grace
  }

  /** Starts it in a session of its own, which Ctrl-C does not reach. Throws a TargetError when it does not come up. */
  async start(): Promise<void> {
    const script = join(this.#stack, '.supervisor.sh')
    writeFileSync(script, supervisor)
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !MARKS.includes(name)))
    this.#child = Bun.spawn(['sh', script, this.#stack, String(this.#grace)], {
      cwd: '/',
      env: environment,
      detached: true,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: openSync(join(this.#stack, '.supervisor.log'), 'a', 0o600),
    }) as Child
    const ready = Promise.withResolvers<void>()
    this.#lines = this.#listen(this.#child.stdout, ready.resolve)
    void this.#lines.then(() => ready.reject(new TargetError('the supervisor of the stack ended at once')))
    await ready.promise
  }

  /** Asks for a start; `started` and `exited` are told to those who watch. */
  tell(line: string): void {
    if (existsSync(join(this.#stack, '.ctl'))) writeFileSync(join(this.#stack, '.ctl'), `${line}\n`, { flag: 'r+' })
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
  keep(): void {
    if (this.#child) writeFileSync(join(this.#stack, '.keep'), '')
  }

  /** Lets go of it: unless it is kept it ends, and everything with it. */
  async close(): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#child = undefined
    await child.stdin.end()
    child.unref()
    if (existsSync(join(this.#stack, '.keep'))) return
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, END_WITHIN)
    await Promise.race([child.exited, over.promise])
    clearTimeout(timer)
  }

  /** `ready`, `started NAME PID`, `exited NAME CODE`, `continued NAME`, `gone`. */
  async #listen(stdout: ReadableStream<Uint8Array>, ready: () => void): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [word = '', service, code] = line.split(' ')
        if (word === 'ready') ready()
        else if (service !== undefined)
          this.wake(service, word === 'exited' ? `${service} exited with ${code}` : `${service} ${word}`)
      }
    }
  }
}
