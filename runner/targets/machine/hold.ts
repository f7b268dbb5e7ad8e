/** A process that is held on the machine while a fault lasts: its stdin is ours, so it ends when the runner is gone. */
import { randomBytes } from 'node:crypto'
import { CheckFailure } from '../../contracts/errors.ts'
import type { Held } from '../../contracts/target.ts'
import type { Spawned } from '../../contracts/transport.ts'
import type { Change } from '../../contracts/undo.ts'
import { checkHeld, endHeld, HELD_MARK } from '../held.ts'
import { aboutMachine, PATHS } from './ask.ts'
import type { Machine } from './machine.ts'

export async function holdOn({ transport }: Machine, { does, title, script }: Held): Promise<Change> {
  const mark = randomBytes(8).toString('hex')
  let said = ''
  return {
    ...aboutMachine(does, { title, ends: { by: 'holder' }, sh: endHeld(mark), verify: checkHeld(mark) }),
    apply: async (signal) => {
      const started = `${PATHS}\nexec env ${HELD_MARK}=${mark} sh -c "$1"`
      const held = await transport.spawn?.(started, [script])
      if (!held) throw new CheckFailure(`nothing can be held on ${transport.address}`)
      said = await untilReady(held, signal)
    },
    inEffect: async () => ({ yes: true, evidence: said }),
  }
}

/** Resolves with what it says of itself once it is in effect. */
async function untilReady(held: Spawned, signal: AbortSignal): Promise<string> {
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const line = await Promise.race([held.said, stopped.promise])
    const ready = /^ready ?(.*)$/.exec(line ?? '')
    if (ready) return ready[1] ?? ''
    throw new CheckFailure(line || 'the fault ended at once')
  } catch (error) {
    held.release()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
