import { Skip } from '../runner/contracts/errors.ts'
import { mapping, oneOf, optional, services } from '../runner/contracts/params.ts'
import { type Context, defineStep } from '../runner/contracts/step.ts'
import type { Service } from '../runner/contracts/target.ts'
import type { Change } from '../runner/contracts/undo.ts'
import { signalName, signals } from './shared/signals.ts'

const verbs = ['restart', 'stop', 'start', 'signal'] as const
type Verb = (typeof verbs)[number]
type Params = { readonly [V in Verb]?: string | string[] } & { readonly name?: string }

/** Ordinary life of a service, and no fault; put back at the end. */
export const service = defineStep({
  name: 'service',
  summary: 'Restarts, stops, starts or signals a service: ordinary life, no fault; put back at the end.',
  effect: 'changes',
  params: mapping({
    restart: optional(services('restart it')),
    stop: optional(services('stop it')),
    start: optional(services('start it')),
    signal: optional(services('send it a signal')),
    name: optional(oneOf(signals, 'the signal (default HUP)')),
  }),
  timeout: '60s',
  examples: [{ restart: 'gateway' }, { signal: 'gateway', name: 'HUP' }],
  describe: (params) => {
    const verb = verbOf(params as Params)
    const undo = {
      restart: 'nothing to put back',
      signal: 'nothing to put back',
      stop: 'started again',
      start: 'stopped again',
    }[verb]
    return namesOf(params as Params, verb).map((name) => ({ does: `${verb} ${name}`, undo, endsBy: '' }))
  },
  check: function* (params, { place, finding }) {
    const said = verbs.filter((verb) => (params as Params)[verb] !== undefined)
    if (said.length !== 1)
      yield finding(place, 'one-verb', `service takes exactly one of ${verbs.join(', ')}`, 'write {restart: NAME}')
  },
  run: async (params, context) => {
    const verb = verbOf(params as Params)
    for (const name of namesOf(params as Params, verb))
      await one(verb, context.target.service(name), params as Params, context)
    return undefined
  },
})

async function one(verb: Verb, of: Service, params: Params, context: Context): Promise<void> {
  const change = await (verb === 'signal' ? of.verbs.signal?.(signalName(params.name ?? 'HUP')) : of.verbs[verb]?.())
  if (!change) throw new Skip(`${of.name} can't be made to ${verb} on this target`)
  await context.change(ordinary(change))
}

/** The same change, but no fault: `restore: NAME` does not mean it. */
function ordinary(change: Change): Change {
  return change.undo ? { ...change, undo: { ...change.undo, of: 'change' } } : change
}

function verbOf(params: Params): Verb {
  return verbs.find((verb) => params[verb] !== undefined) ?? 'restart'
}

function namesOf(params: Params, verb: Verb): readonly string[] {
  const names = params[verb]
  return typeof names === 'string' ? [names] : (names ?? [])
}
