/** Everything up to a target that is at hand: secrets, transport, lock, leftovers, runtime. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { Phase } from '../contracts/events.ts'
import type { Case } from '../contracts/plan.ts'
import type { Runtime, RuntimeKind } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { parseDuration } from '../contracts/units.ts'
import { effectOfCase } from '../plan/check.ts'
import type { Names } from '../plan/values.ts'
import { attach } from './attach.ts'
import type { CaseRun } from './case-run.ts'
import { Changes } from './changes.ts'
import type { Emit } from './emit.ts'
import { LeftBehinds } from './left-behind.ts'
import { journalFolder, targetIdentity } from './leftovers.ts'
import { lockTarget } from './locking.ts'
import { tailsOf } from './outputs.ts'
import { refuseDirty } from './refuse-dirty.ts'
import { readSecrets } from './secrets.ts'
import { lifetimeOf, type OpenStack } from './shared-stacks.ts'
import { environmentOf, runtimeHost } from './stack.ts'
import { type Hands, rootsOf, serviceNames, type World } from './world.ts'

const LEASE = 10_000

export interface Opening {
  phase(phase: Phase): void
  /** Asked at the end: work files of what is left are kept, since an undo may need them. */
  somethingIsLeft(): boolean
  firstFailure(): Promise<void>
  /** Waits for other cases and runs, which is not the case's own time. */
  waiting<T>(work: () => Promise<T>): Promise<T>
}

/** What is opened here is closed with `stack`, last first. */
export async function openCase(kase: Case, caseRun: CaseRun, stack: AsyncDisposableStack, on: Opening): Promise<World> {
  const { run, hands, emit, redactor, stop, check, waitLock } = caseRun
  const kind = runtimeOf(kase, hands)
  const { config, home } = kase.target
  const warn = (message: string) => emit({ is: 'note', case: kase.id, message, level: 'warning' })
  const secrets = await readSecrets(kase.plan, redactor, warn)
  const transport = stack.use(await hands.openTransport(kase.target, { reads: check }))
  on.phase('lock')
  const effect = effectOfCase(kase, hands.kinds)
  if (!kind.owned?.(config))
    stack.use(
      await on.waiting(() =>
        lockTarget(kase, effect, { run, kind, transport, check, wait: waitLock, signal: stop.signal, warn }),
      ),
    )
  await refuseDirty(kase.target, transport)
  let opened: Runtime | undefined
  const roots = rootsOf(kase, run, secrets, () => opened as Runtime)
  const opening = { kase, caseRun, kind, roots, emit }
  const folder = workFolder(home, `${run}-${kase.id}`)
  stack.defer(() => (on.somethingIsLeft() ? undefined : rmSync(folder, { recursive: true, force: true })))
  const runtime =
    lifetimeOf(kase) === 'case' || !kind.owned?.(config)
      ? stack.use(await openRuntime({ ...opening, folder, transport, opened: (made) => (opened = made) }))
      : await inTurn(opening, stack, on)
  opened = runtime
  const changes = changesOf(opening, { name: `${run}-${kase.id}`, transport, runtime })
  const results = caseFolder(caseRun.results, kase)
  const memory = new Map<string, unknown>()
  const left = new LeftBehinds(kase.id, emit)
  const { firstFailure } = on
  return { kase, hands, emit, redactor, stop, transport, runtime, changes, memory, roots, results, left, firstFailure }
}

interface OpeningParts {
  readonly kase: Case
  readonly caseRun: CaseRun
  readonly kind: RuntimeKind
  readonly roots: Names
  readonly emit: Emit
}

/** The stack that cases share is used by one at a time. */
async function inTurn(opening: OpeningParts, stack: AsyncDisposableStack, on: Opening): Promise<Runtime> {
  const { kase, caseRun, roots } = opening
  const turn = stack.use(await on.waiting(() => caseRun.stacks.turn(kase, environmentOf(roots))))
  return turn.opened(() => openShared(opening))
}

/** A stack that outlives the case has a transport, a work folder and a journal of its own. */
async function openShared(opening: OpeningParts): Promise<OpenStack> {
  const { kase, caseRun, roots } = opening
  const name = `${caseRun.run}-${kase.id}-stack`
  const folder = workFolder(kase.target.home, name)
  const transport = await caseRun.hands.openTransport(kase.target)
  let made: Runtime | undefined
  // Copied as they are: some are made when they are asked for.
  const { services: _, ...others } = Object.getOwnPropertyDescriptors(roots)
  const services = { enumerable: true, get: () => serviceNames(made as Runtime) }
  const own: Names = Object.defineProperties({}, { ...others, services })
  const runtime = await openRuntime({ ...opening, roots: own, folder, transport, opened: (one) => (made = one) })
  return {
    runtime,
    changes: changesOf({ ...opening, emit: onlyTrouble(opening) }, { name, transport, runtime }),
    close: async () => {
      await runtime[Symbol.asyncDispose]()
      await transport[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Its cases may be over: of what is done to the stack itself people only hear when it went wrong. */
function onlyTrouble({ emit }: OpeningParts): Emit {
  return (event) => {
    if (event.is !== 'restored' || event.outcome === 'restored') return
    emit({ is: 'note', message: `${event.title}: ${event.outcome}: ${event.message ?? ''}`, level: 'warning' })
  }
}

interface RuntimeParts extends OpeningParts {
  readonly folder: string
  readonly transport: Transport
  opened(runtime: Runtime): void
}

async function openRuntime({
  kase,
  caseRun,
  kind,
  roots,
  emit,
  folder,
  transport,
  opened,
}: RuntimeParts): Promise<Runtime> {
  const { run, hands } = caseRun
  let made: Runtime | undefined
  const parts = { kase, run, folder, roots, hands, emit, runtime: () => made, transport: () => transport }
  made = await kind.open(kase.target.config, transport, runtimeHost(parts))
  opened(made)
  return made
}

function changesOf(
  { kase, caseRun, emit }: OpeningParts,
  { name, transport, runtime }: { name: string; transport: Transport; runtime: Runtime },
): Changes {
  const { home, defaults, config } = kase.target
  const to = { emit, redactor: caseRun.redactor, results: caseFolder(caseRun.results, kase), case: kase.id }
  return new Changes(transport, {
    journal: join(journalFolder(home), name),
    work: workFolder(home, name),
    lease: parseDuration(String(defaults['lease'] ?? '')) ?? LEASE,
    run: caseRun.run,
    target: targetIdentity(kase.target, transport.address),
    case: kase.id,
    plan: kase.plan.document.file,
    emit,
    redactor: caseRun.redactor,
    tails: (outputs, name) =>
      tailsOf(outputs, {
        redactor: caseRun.redactor,
        name,
        attach: (file, bytes) => attach(to, file, bytes, kase.plan.place),
      }),
    most: () => mostFaulted(config['max-faulted'], runtime),
  })
}

function workFolder(home: string, name: string): string {
  return join(home, '.shakedown', 'work', name)
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

/** The folder of a case in the results: as it is, and as the user named it. */
export function caseFolder(results: CaseRun['results'], kase: Case): { folder: string; named: string } {
  const name = `${kase.id}-${kase.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)}`
  return { folder: join(results.folder, name), named: `${results.named}/${name}` }
}
