import { join } from 'node:path'
import { BusyError, isError } from '../contracts/errors.ts'
import type { Case } from '../contracts/plan.ts'
import type { Effect } from '../contracts/step.ts'
import { type LockMode, lockedBy, takeLock } from './lock.ts'

const LOOK_AGAIN = 25

/** Locks the target of a case: exclusively once a step changes anything. Cases of one run wait for each other; another run's lock is a BusyError after `wait` ms. */
export async function lockTarget(
  kase: Case,
  effect: Effect,
  { run, check, wait, signal }: { run: string; check: boolean; wait: number; signal: AbortSignal },
): Promise<Disposable> {
  const folder = join(kase.target.home, '.shakedown', 'locks', kase.target.name)
  const mode: LockMode = kase.plan.lock ?? (effect === 'changes' || effect === 'breaks' ? 'exclusive' : 'shared')
  if (check) return onlyLook(folder, mode)
  for (const start = performance.now(); ; ) {
    try {
      return takeLock(folder, mode, { run, plan: kase.plan.document.file })
    } catch (error) {
      const ours = lockedBy(folder, mode)?.run === run
      if (!isError(error, 'busy') || (!ours && performance.now() - start >= wait)) throw error
    }
    if (signal.aborted) throw signal.reason
    await Bun.sleep(LOOK_AGAIN)
  }
}

/** `--check` writes nothing on the target, so it looks at the lock and does not take it. */
function onlyLook(folder: string, mode: LockMode): Disposable {
  const holder = lockedBy(folder, mode)
  if (holder) throw new BusyError(`the target is busy: run ${holder.run} holds it for "${holder.plan}"`)
  return { [Symbol.dispose]: () => undefined }
}
