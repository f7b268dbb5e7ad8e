/** For tests of this room: a world of this machine, with a step and a fault that only tell that they were there. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redactor } from '../base/redact/redactor.ts'
import { builtInKinds } from '../commands/kinds.ts'
import { CheckFailure, TargetError } from '../contracts/errors.ts'
import type { RunEventBody } from '../contracts/events.ts'
import { defineFault } from '../contracts/fault.ts'
import { type Kinds, withPack } from '../contracts/kinds.ts'
import { mapping, optional, Type, text } from '../contracts/params.ts'
import { defineStep } from '../contracts/step.ts'
import type { Runtime } from '../contracts/target.ts'
import { Folder, planOf } from '../plan/testing.ts'
import { strictly } from '../plan/validate.ts'
import { bindTarget } from '../targets/target.ts'
import { localTransport } from '../targets/transport/local.ts'
import { Changes } from './changes.ts'
import type { Flow } from './flow.ts'
import { LeftBehinds } from './left-behind.ts'
import { Scope } from './scope.ts'
import { runSteps } from './steps.ts'
import { Stop } from './stop.ts'
import { rootsOf, type World } from './world.ts'

export interface TestWorld extends AsyncDisposable {
  readonly world: World
  readonly flow: Flow
  readonly events: readonly RunEventBody[]
  /** What the steps said and the faults were asked, in order. */
  readonly told: readonly string[]
  /** Runs the steps of the plan. */
  run(): ReturnType<typeof runSteps>
  /** `id outcome` of each step that ended, and why it failed unless it said so itself. */
  ended(): string[]
}

/** A case with these steps (each a line), not yet begun; `head` stands above them. */
export async function worldOf(steps: readonly string[], head = ''): Promise<TestWorld> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(new Folder({ 'plan.yaml': `${planOf(...steps)}${head}` }))
  const told: string[] = []
  const kinds = testKinds(told)
  const { cases, sources, validators } = await folder.prepare(['plan.yaml'], { kindsFor: async () => kinds })
  const [kase] = cases
  if (!kase) throw new Error('the plan has no case')
  const transport = opened.use(localTransport())
  const runtime = noServices()
  const events: RunEventBody[] = []
  const emit = (event: RunEventBody) => void events.push(event)
  const results = join(folder.path, 'results')
  mkdirSync(results)
  const changes = changesIn(folder.path, transport, emit)
  opened.defer(() => changes.close())
  const world: World = {
    kase,
    hands: {
      kinds,
      sources,
      openTransport: async () => transport,
      bindTarget,
      validate: strictly(kinds, validators),
    },
    emit,
    redactor: new Redactor(),
    stop: new Stop(),
    transport,
    runtime,
    changes,
    memory: new Map(),
    roots: rootsOf(kase, 'run-1', {}, () => runtime),
    results: { folder: results, named: results },
    left: new LeftBehinds(kase.id, emit),
    firstFailure: async () => undefined,
  }
  const flow = flowOf(world)
  const all = opened.move()
  return {
    world,
    flow,
    events,
    told,
    run: () => runSteps(kase.plan.steps, flow, world),
    ended: () => events.flatMap((event) => (event.is === 'step.ended' ? [wordsOf(event)] : [])),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function wordsOf({ step, outcome, failure }: Extract<RunEventBody, { is: 'step.ended' }>): string {
  const why = failure === undefined || failure.message.endsWith(' fails') ? '' : `: ${failure.message}`
  return `${step} ${outcome}${why}`
}

/** Changes of a case whose journal is in this folder. */
export function changesIn(
  folder: string,
  transport = localTransport(),
  emit: (event: RunEventBody) => void = () => undefined,
  most = 1,
): Changes {
  return new Changes(transport, {
    journal: join(folder, 'journal'),
    work: join(folder, 'work'),
    lease: 30_000,
    run: 'run-1',
    target: 'local demo',
    case: 'c1',
    plan: 'P',
    emit,
    redactor: new Redactor(),
    most: () => most,
  })
}

function flowOf({ kase }: World): Flow {
  const { signal } = new AbortController()
  const plain = { phase: 'steps', depth: 0, prefix: '', round: '', all: false, roots: {} } as const
  return { ...plain, signal, scope: new Scope(), fragments: kase.plan.fragments, runSteps }
}

/** `tell: {says, fails, takes}` and the fault `ask: NAME`. */
function testKinds(told: string[]): Kinds {
  const tell = defineStep({
    name: 'tell',
    summary: 'Tells that it was there.',
    effect: 'reads',
    params: mapping({
      says: text('what'),
      fails: optional(Type.Boolean()),
      takes: optional(Type.Number({ description: 'ms' })),
    }),
    reading: { said: { description: 'what it said', type: 'text' }, not: { description: 'nothing', type: 'text' } },
    examples: [{ says: 'hello' }],
    run: async ({ says, fails, takes = 0 }, { signal }) => {
      told.push(says)
      for (const end = performance.now() + takes; performance.now() < end && !signal.aborted; ) await Bun.sleep(1)
      if (signal.aborted) throw signal.reason
      if (fails) throw new CheckFailure(`${says} fails`)
      return { fields: { said: says }, says }
    },
  })
  const ask = defineFault({
    name: 'ask',
    summary: 'Is asked whether it can.',
    params: text('a name'),
    options: {},
    examples: [{ ask: 'x' }],
    describe: (name) => [{ does: `asks ${name}`, undo: 'nothing', endsBy: 'itself' }],
    prepare: async () => [],
    preflight: async (params) => {
      told.push(String(params))
      return undefined
    },
  })
  return withPack(builtInKinds(), { steps: [tell], faults: [ask] }, 'test')
}

function noServices(): Runtime {
  return {
    up: async () => undefined,
    names: () => [],
    service: (name) => {
      throw new TargetError(`there is no service ${name}`)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
