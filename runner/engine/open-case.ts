/** Everything up to a target that is at hand: secrets, transport, lock, leftovers, runtime. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { Phase } from '../contracts/events.ts'
import type { Case } from '../contracts/plan.ts'
import type { Runtime, RuntimeKind } from '../contracts/target.ts'
import { parseDuration } from '../contracts/units.ts'
import { effectOfCase } from '../plan/check.ts'
import type { CaseRun } from './case-run.ts'
import { Changes } from './changes.ts'
import { journalFolder, refuseLeftovers, targetIdentity } from './leftovers.ts'
import { lockTarget } from './locking.ts'
import { readSecrets } from './secrets.ts'
import { runtimeHost } from './stack.ts'
import { type Hands, rootsOf, type World } from './world.ts'

const LEASE = 10_000

export interface Opening {
  phase(phase: Phase): void
  /** Asked at the end: work files of what is left are kept, since an undo may need them. */
  somethingIsLeft(): boolean
  firstFailure(): Promise<void>
}

/** What is opened here is closed with `stack`, last first. */
export async function openCase(kase: Case, caseRun: CaseRun, stack: AsyncDisposableStack, on: Opening): Promise<World> {
  const { run, hands, emit, redactor, stop, check, waitLock } = caseRun
  const kind = runtimeOf(kase, hands)
  const { config, home } = kase.target
  const warn = (message: string) => emit({ is: 'note', case: kase.id, message, level: 'warning' })
  const secrets = await readSecrets(kase.plan, redactor, warn)
  const transport = stack.use(await hands.openTransport(kase.target))
  on.phase('lock')
  const effect = effectOfCase(kase, hands.kinds)
  if (!kind.owned?.(config))
    stack.use(await lockTarget(kase, effect, { run, check, wait: waitLock, signal: stop.signal }))
  await refuseLeftovers(kase.target, transport.address)
  const name = `${run}-${kase.id}`
  const folder = join(home, '.shakedown', 'work', name)
  stack.defer(() => (on.somethingIsLeft() ? undefined : rmSync(folder, { recursive: true, force: true })))
  let opened: Runtime | undefined
  const roots = rootsOf(kase, run, secrets, () => opened as Runtime)
  const parts = { kase, run, folder, roots, hands, emit, runtime: () => opened, transport: () => transport }
  const runtime = stack.use(await kind.open(config, transport, runtimeHost(parts)))
  opened = runtime
  const changes = new Changes(transport, {
    journal: join(journalFolder(home), name),
    work: folder,
    lease: parseDuration(String(kase.target.defaults['lease'] ?? '')) ?? LEASE,
    run,
    target: targetIdentity(kase.target, transport.address),
    case: kase.id,
    plan: kase.plan.document.file,
    emit,
    most: () => mostFaulted(kase.target.config['max-faulted'], runtime),
  })
  const results = caseFolder(caseRun.results, kase)
  const memory = new Map<string, unknown>()
  const { firstFailure } = on
  return { kase, hands, emit, redactor, stop, transport, runtime, changes, memory, roots, results, firstFailure }
}

/** A share is rounded down, but one service may always be broken. */
function mostFaulted(said: unknown, runtime: Runtime): number {
  if (typeof said === 'number') return said
  const share = /^(\d+)%$/.exec(String(said))?.[1]
  if (share === undefined) return Number.POSITIVE_INFINITY
  const services = runtime.names().filter((name) => !name.endsWith(']'))
  return Math.max(1, Math.floor((services.length * Number(share)) / 100))
}

/** Throws a TargetError for a runtime that nobody registered. */
export function runtimeOf(kase: Case, hands: Hands): RuntimeKind {
  const kind = hands.kinds.runtimes.get(kase.target.runtime)
  if (!kind) throw new TargetError(`there is no runtime "${kase.target.runtime}"`)
  return kind
}

function caseFolder(results: CaseRun['results'], kase: Case): { folder: string; named: string } {
  const name = `${kase.id}-${kase.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)}`
  return { folder: join(results.folder, name), named: `${results.named}/${name}` }
}
