import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, posix } from 'node:path'
import { BusyError, isError, messageOf, TargetError } from '../contracts/errors.ts'
import type { Case } from '../contracts/plan.ts'
import type { Effect } from '../contracts/step.ts'
import type { RuntimeKind } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { formatDuration } from '../contracts/units.ts'
import { busy, type Holder, type LockMode, lockedBy, type TookOver, takeLock } from './lock.ts'
import { lockedThere, takeLockThere } from './lock-there.ts'

const LOOK_AGAIN = 25
const LOOK_AGAIN_THERE = 250
/** Two who come at once may both let go: when nobody holds it a moment later, it is tried again. */
const IN_DOUBT = 2_000

interface Locking {
  readonly run: string
  readonly kind: RuntimeKind
  readonly transport: Transport
  readonly check: boolean
  /** ms. */
  readonly wait: number
  readonly signal: AbortSignal
  /** Tells people. */
  warn(message: string): void
}

/** Locks the target of a case: exclusively once a step changes anything. Cases of one run wait for each other; another run's lock is a BusyError after `wait` ms. */
export async function lockTarget(kase: Case, effect: Effect, locking: Locking): Promise<Disposable | AsyncDisposable> {
  const { run, check, wait, signal, warn, transport } = locking
  const lock = await lockOf(kase, locking)
  const mode: LockMode = kase.plan.lock ?? (effect === 'changes' || effect === 'breaks' ? 'exclusive' : 'shared')
  if (check) return onlyLook(lock, mode)
  const tookOver: TookOver = ({ run: gone, host, plan }) =>
    warn(`run ${gone} on ${host} held this target for "${plan}" and is gone: its lock was taken over`)
  const isOver = patience(run, wait)
  for (;;) {
    try {
      return await lock.take(mode, { run, plan: kase.plan.document.file }, tookOver)
    } catch (error) {
      if (!isError(error, 'busy')) throw error
      if (isOver(await lock.holder(mode))) throw stillBusy(error, wait)
    }
    if (signal.aborted) throw signal.reason
    await Bun.sleep(transport.folder === undefined ? LOOK_AGAIN : LOOK_AGAIN_THERE)
  }
}

function stillBusy({ message }: BusyError, wait: number): BusyError {
  return wait > 0
    ? new BusyError(
        `${message}, also after ${formatDuration(wait)}`,
        'wait longer: --wait-lock takes a duration such as 30m',
      )
    : new BusyError(message, 'to wait for it to end, add --wait-lock 10m')
}

/** Whether who waits has waited long enough. Ours is another case of this very run, which ends; one that let go a moment ago leaves it in doubt only from now on. */
function patience(run: string, wait: number): (holder: Holder | undefined) => boolean {
  let since = performance.now()
  let last: Holder | undefined
  return (holder) => {
    if (holder?.run === run || (holder === undefined && last !== undefined)) since = performance.now()
    last = holder
    if (holder?.run === run) return false
    return performance.now() - since >= (holder === undefined ? Math.max(wait, IN_DOUBT) : wait)
  }
}

interface Lock {
  take(mode: LockMode, who: { run: string; plan: string }, tookOver: TookOver): Promise<Disposable | AsyncDisposable>
  /** Only looks. */
  holder(mode: LockMode): Promise<Holder | undefined>
}

/**
 * What everybody on a machine can see is locked in the folder of who logs in there, so that clones of the plans, and runs
 * that come over SSH, know of each other; files of this machine, which nobody else has, beside targets.yaml.
 */
async function lockOf({ target }: Case, { kind, transport }: Locking): Promise<Lock> {
  const seen = await kind.seenByAll?.(target.config, transport)
  if (transport.folder !== undefined) {
    const folder = posix.join(transport.folder, '.shakedown', 'locks', nameOf(seen ?? 'host'))
    return {
      take: (mode, who, tookOver) => takeLockThere(transport, folder, mode, who, tookOver),
      holder: (mode) => lockedThere(transport, folder, mode),
    }
  }
  const [place, name] = seen === undefined ? [target.home, target.name] : [homedir(), nameOf(seen)]
  const folder = join(place, '.shakedown', 'locks', name)
  return {
    take: async (mode, who, tookOver) => takenHere(() => takeLock(folder, mode, who, tookOver)),
    holder: async (mode) => lockedBy(folder, mode),
  }
}

/** Something that is never a path, and that people can still tell. */
function nameOf(seen: string): string {
  const plain = seen.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60)
  return plain === seen ? plain : `${plain}-${createHash('sha256').update(seen).digest('hex').slice(0, 8)}`
}

function takenHere(take: () => Disposable): Disposable {
  try {
    return take()
  } catch (error) {
    if (isError(error, 'busy')) throw error
    throw new TargetError(`nothing was changed, since the target can't be locked: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** `--check` writes nothing on the target, so it looks at the lock and does not take it. */
async function onlyLook(lock: Lock, mode: LockMode): Promise<Disposable> {
  const holder = await lock.holder(mode)
  if (holder) throw busy(holder)
  return { [Symbol.dispose]: () => undefined }
}
