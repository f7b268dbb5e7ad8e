/** Brings the stack of a case up, and gives the runtime what it needs for that. */
import { Spelled } from '../base/spelling.ts'
import { makeCondition } from '../condition.ts'
import { messageOf } from '../contracts/errors.ts'
import { command, type PlainCondition, withCondition } from '../contracts/params.ts'
import type { Case } from '../contracts/plan.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import type { ReadyReading, Runtime, RuntimeHost, Target } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { bind, bindValue } from '../plan/bind.ts'
import type { Names } from '../plan/values.ts'
import type { Emit } from './emit.ts'
import { type Hands, limitOf, type World } from './world.ts'

/** Brings the stack up as a change like any other, whose undo takes it down. */
export async function bringUp(world: World, signal: AbortSignal): Promise<void> {
  const change = await world.runtime.up()
  if (change) await world.changes.make(change, { step: 'up', signal })
}

export interface HostParts {
  readonly kase: Case
  readonly run: string
  readonly folder: string
  readonly roots: Names
  readonly hands: Hands
  readonly emit: Emit
  runtime(): Runtime | undefined
  transport(): Transport
}

export function runtimeHost(parts: HostParts): RuntimeHost {
  const { kase, run, folder, roots, emit } = parts
  return {
    folder,
    home: kase.target.home,
    labels: { run, case: kase.id, plan: kase.plan.document.file },
    resolve: <T>(plain: T, services: Readonly<Record<string, unknown>>) =>
      bindValue(plain, namesFor(roots, services)) as T,
    command: (plain, services, keys) => {
      const names = namesFor(roots, services)
      const at = placeAt(kase.target.place, ...keys)
      return bind(command(''), plain, names, parts.hands.kinds, at) as ReturnType<RuntimeHost['command']>
    },
    environment: () => environmentOf(roots),
    ready: (service, signal) => readyOf(parts, service, signal),
    note: (message) => emit({ is: 'note', case: kase.id, message, level: 'info' }),
  }
}

/** Only what is one value: a list has no place in an environment. */
export function environmentOf(roots: Names): Record<string, string> {
  const { variables } = (roots['target'] ?? {}) as { variables?: Readonly<Record<string, unknown>> }
  const single = Object.entries(variables ?? {}).filter(
    ([, value]) => value !== null && (typeof value !== 'object' || value instanceof Spelled),
  )
  return Object.fromEntries(single.map(([name, value]) => [name, String(value)]))
}

/** `services` is replaced: while a stack comes up, only what the runtime knows so far can be asked for. */
function namesFor(roots: Names, services: Readonly<Record<string, unknown>>): Names {
  const { inputs, matrix, secrets, run, target, variables } = roots
  return { inputs, matrix, secrets, run, target, variables, services }
}

/** Reads a service's `ready` once. In it the service's own address may be left out. */
async function readyOf(parts: HostParts, service: string, signal: AbortSignal): Promise<ReadyReading | undefined> {
  const plain = readyCondition(parts.kase, service)
  const runtime = parts.runtime()
  if (plain === undefined || runtime === undefined) return undefined
  const { hands, kase, roots } = parts
  const condition = makeCondition(
    bind(withCondition({}), plain, roots, hands.kinds) as object,
    placeOf(plain) ?? kase.target.place,
    { probes: hands.kinds.probes },
  )
  const bound = hands.bindTarget(
    {
      name: kase.target.name,
      transport: parts.transport(),
      runtime,
      home: kase.target.home,
      config: kase.target.config,
    },
    signal,
  )
  try {
    const verdict = await condition.check({
      target: seenFrom(service, bound.target),
      signal,
      timeout: limitOf(kase.target, undefined, 'probe', '5s'),
      logsSince: () => 0,
      memory: new Map(),
      measure: (text) => limitOf(kase.target, text, '', text),
    })
    if (verdict.is === 'holds') return { holds: true, says: 'ready' }
    return {
      holds: false,
      says: saysOf(verdict),
      condition: condition.says,
      details: {
        place: condition.place,
        last: verdict.readings.at(-1)?.says,
        asked: verdict.asked?.map((one) => ({ ...one, text: ofService(one.text, service) })),
        outputs: verdict.outputs,
      },
    }
  } catch (error) {
    return { holds: false, says: messageOf(error), condition: condition.says }
  } finally {
    bound.release()
  }
}

function readyCondition(kase: Case, service: string): PlainCondition | undefined {
  const services = kase.target.config['services'] as Record<string, { ready?: PlainCondition }> | undefined
  return services?.[service]?.ready
}

function saysOf(verdict: Awaited<ReturnType<ReturnType<typeof makeCondition>['check']>>): string {
  if (verdict.is === 'untaken') return verdict.why
  if (verdict.is === 'holds') return 'ready'
  return verdict.misses.map((miss) => `${miss.path} is ${miss.actual}, expected ${miss.expected}`).join('; ')
}

/** The service's own address may be left out, and is what was asked all the same. */
function ofService(text: string, service: string): string {
  return text
    .replace(/^([A-Z]+ )\//, `$1http://${service}/`)
    .replace(/^(a (?:TCP|TLS) connection to ):/, `$1${service}:`)
}

/** `http: /health` and `tcp: :8545` mean this service. */
function seenFrom(service: string, target: Target): Target {
  return {
    ...target,
    http: (request) =>
      target.http({ ...request, url: request.url.startsWith('/') ? `http://${service}${request.url}` : request.url }),
    connect: (to, options) => target.connect(to.startsWith(':') ? `${service}${to}` : to, options),
  }
}
