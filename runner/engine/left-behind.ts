/** The processes that commands of a case left running: reported at the end of their step, and ended with the case. */
import { messageOf } from '../contracts/errors.ts'
import type { Target } from '../contracts/target.ts'
import type { LeftBehind, LeftProcess } from '../contracts/transport.ts'
import type { Emit } from './emit.ts'

interface Found {
  readonly left: LeftBehind
  /** Undefined until somebody looked. */
  processes: readonly LeftProcess[] | undefined
}

export class LeftBehinds {
  readonly #case: string
  readonly #emit: Emit
  readonly #found: Found[] = []

  constructor(kase: string, emit: Emit) {
    this.#case = kase
    this.#emit = emit
  }

  /** The target as a step sees it, with its commands watched. Undo scripts go another way: what they start is to stay. */
  watched(target: Target, found: (one: Found) => void = () => undefined): Target {
    return {
      ...target,
      exec: async (command, options) => {
        const exit = await target.exec(command, options)
        if (exit.left) {
          const one = { left: exit.left, processes: undefined }
          this.#found.push(one)
          found(one)
        }
        return exit
      },
    }
  }

  /** Reports the processes of a step that still run. */
  async tell(step: string, found: readonly Found[]): Promise<void> {
    for (const one of found) await look(one)
    for (const stays of [false, true]) {
      const named = found.filter(({ left }) => (left.stays === true) === stays).flatMap(namesOf)
      if (named.length > 0) this.#emit({ is: 'step.note', case: this.#case, step, message: message(named, stays) })
    }
  }

  /** Ends the processes that still run. Those with a session of their own, and those of an undo, stay. */
  async end(): Promise<void> {
    for (const one of this.#found.splice(0)) {
      const processes = one.left.stays ? [] : (one.processes ?? (await look(one)))
      if (processes.length === 0) continue
      try {
        await one.left.end(processes)
      } catch (error) {
        const names = namesOf(one).join(', ')
        const words = `${names} was left running by a command and could not be ended: ${messageOf(error)}`
        this.#emit({ is: 'note', case: this.#case, message: words, level: 'warning' })
      }
    }
  }
}

export type FoundLeft = Found

/** An unreachable machine has nothing to report. */
async function look(one: Found): Promise<readonly LeftProcess[]> {
  one.processes = await one.left.look().catch(() => [])
  return one.processes
}

function namesOf({ processes = [] }: Found): string[] {
  return processes.map(({ says }) => says)
}

function message(names: readonly string[], stays: boolean): string {
  const [first = '', ...more] = names
  const which = more.length === 0 ? first : `${first} and ${more.length} more`
  return `its command left ${which} running, ${stays ? 'which is not ended with the case' : 'ended with the case'}`
}
