/** Stacks that outlive a case: brought up by the first that needs one, taken in turns, taken down after the last. */
import { messageOf } from '../contracts/errors.ts'
import type { Case } from '../contracts/plan.ts'
import type { LogMark, Runtime, Service } from '../contracts/target.ts'
import type { Changes } from './changes.ts'
import { whereEntry } from './where.ts'

/** A stack as it is opened: what brings it up is journalled in a journal of its own. */
export interface OpenStack {
  readonly runtime: Runtime
  readonly changes: Changes
  /** Closes runtime and transport. */
  close(): Promise<void>
}

/** How long a stack of a target lives. */
export function lifetimeOf({ target }: Pick<Case, 'target'>): 'case' | 'plan' | 'run' {
  const said = target.config['lifetime']
  return said === 'plan' || said === 'run' ? said : 'case'
}

/** Ends when it is disposed of. */
export interface Turn extends Disposable {
  /** The stack, as the case sees it; opened by the first that needs it. */
  opened(open: () => Promise<OpenStack>): Promise<Runtime>
}

export class SharedStacks {
  readonly #left = new Map<string, number>()
  readonly #stacks = new Map<string, Shared>()

  constructor(cases: readonly Case[]) {
    for (const kase of cases) this.#left.set(usersOf(kase), (this.#left.get(usersOf(kase)) ?? 0) + 1)
  }

  /** Waits for the turn of a case. `environment` tells stacks apart that a matrix shapes differently. */
  async turn(kase: Case, environment: object): Promise<Turn> {
    const key = `${usersOf(kase)}\n${JSON.stringify(environment)}`
    const shared = this.#stacks.get(key) ?? new Shared()
    this.#stacks.set(key, shared)
    const release = await shared.turn()
    return {
      opened: async (open) => seenByCase((await shared.opened(open)).runtime, () => shared.up()),
      [Symbol.dispose]: release,
    }
  }

  /** What is changed stays until `plan restore`, and so does the stack that it was changed on. */
  keep(kase: Case): void {
    for (const shared of this.#of(usersOf(kase))) shared.kept = true
  }

  /** Takes down what nobody needs any more. Tells what could not be. */
  async ended(kase: Case): Promise<readonly string[]> {
    const users = usersOf(kase)
    const left = (this.#left.get(users) ?? 1) - 1
    this.#left.set(users, left)
    if (left > 0) return []
    const closed = await Promise.all(this.#of(users).map((shared) => shared.down()))
    return closed.flat()
  }

  #of(users: string): Shared[] {
    return [...this.#stacks].flatMap(([key, shared]) => (key.startsWith(`${users}\n`) ? [shared] : []))
  }
}

/** Cases that may share a stack. */
function usersOf(kase: Case): string {
  const { home, name } = kase.target
  return [home, name, lifetimeOf(kase) === 'plan' ? kase.plan.document.file : ''].join('\n')
}

class Shared {
  kept = false
  #turn: Promise<void> = Promise.resolve()
  #stack: OpenStack | undefined
  #isUp = false

  /** Resolves when everybody before has let go. */
  async turn(): Promise<() => void> {
    const mine = Promise.withResolvers<void>()
    const before = this.#turn
    this.#turn = before.then(() => mine.promise)
    await before
    return mine.resolve
  }

  async opened(open: () => Promise<OpenStack>): Promise<OpenStack> {
    this.#stack ??= await open()
    return this.#stack
  }

  /** One that does not come up is taken down at once, so that the next case may try anew. */
  async up(): Promise<void> {
    const stack = this.#stack
    if (!stack || this.#isUp) return
    try {
      const change = await stack.runtime.up()
      if (change) await stack.changes.make(change, { step: 'up', signal: new AbortController().signal })
      this.#isUp = true
    } catch (error) {
      await this.down()
      throw error
    }
  }

  async down(): Promise<readonly string[]> {
    const stack = this.#stack
    this.#stack = undefined
    this.#isUp = false
    if (!stack) return []
    if (this.kept) {
      await stack.changes.keep((entry) => whereEntry(entry, stack.runtime))
      await stack.runtime.keep?.()
      await stack.close()
      return []
    }
    try {
      const restored = await stack.changes.restore(() => true, 'end')
      await stack.changes.close()
      return restored.flatMap(({ outcome, entry, message }) =>
        outcome === 'restored' ? [] : [`${entry.undo.title}: ${outcome}${message ? `: ${message}` : ''}`],
      )
    } catch (error) {
      return [messageOf(error)]
    } finally {
      await stack.close()
    }
  }
}

/** The stack stays when a case closes it; logs and restarts of a case begin with that case. */
async function seenByCase(runtime: Runtime, up: () => Promise<void>): Promise<Runtime> {
  const marks = new Map<string, CaseBegin>()
  const mark = async () => {
    for (const name of runtime.names()) marks.set(name, await beginOf(runtime.service(name)))
  }
  return {
    up: async () => {
      await up()
      await mark()
      return undefined
    },
    names: () => runtime.names(),
    service: (name) => sinceBegin(runtime.service(name), marks.get(name)),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** How a service was when a case began. */
interface CaseBegin {
  readonly log: LogMark
  readonly restarts: number
}

async function beginOf(service: Service): Promise<CaseBegin> {
  const log = await service.logMark().catch(() => 0)
  const restarts = await service.state().then(
    (state) => state.restarts,
    () => 0,
  )
  return { log, restarts }
}

function sinceBegin(service: Service, { log, restarts }: CaseBegin = { log: 0, restarts: 0 }): Service {
  return {
    ...service,
    logs: ({ since = 0, ...more } = {}) => service.logs({ since: since === 0 ? log : since, ...more }),
    state: async (options) => {
      const state = await service.state(options)
      return { ...state, restarts: state.restarts - restarts }
    },
  }
}
