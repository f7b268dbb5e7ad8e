import { signalName, signals } from '../runner/base/signals.ts'
import { CheckFailure, isError, Skip } from '../runner/contracts/errors.ts'
import { flag, mapping, oneOf, optional, services, Type } from '../runner/contracts/params.ts'
import { type Context, defineStep } from '../runner/contracts/step.ts'
import type { Service } from '../runner/contracts/target.ts'
import type { Change } from '../runner/contracts/undo.ts'

const verbs = ['restart', 'stop', 'start', 'signal', 'scale', 'image'] as const
type Verb = (typeof verbs)[number]
type Params = { readonly [V in Verb]?: string | string[] } & {
  readonly name?: string
  readonly to?: number | string
  readonly ready?: boolean
}

/** Ordinary life of a service, and no fault; put back at the end. */
export const service = defineStep({
  name: 'service',
  summary:
    'Restarts, stops, starts, signals or scales a service, or gives it another image, and waits until it is ready again: ordinary life, no fault; put back at the end.',
  effect: 'changes',
  params: mapping({
    restart: optional(services('restart it')),
    stop: optional(services('stop it')),
    start: optional(services('start it')),
    signal: optional(services('send it a signal')),
    name: optional(oneOf(signals, 'the signal (default HUP)')),
    scale: optional(services('run more or fewer of it: as many as `to` says')),
    image: optional(services('make it again out of the image that `to` names')),
    to: optional(
      Type.Unsafe<number | string>({
        type: ['integer', 'string'],
        minimum: 0,
        description: 'how many, or which image',
      }),
    ),
    ready: optional(flag('false: do not wait until it is ready again (default true)')),
  }),
  // Getting ready has a limit of its own, which says what was waited for.
  timeout: '3m',
  examples: [{ restart: 'gateway' }, { signal: 'gateway', name: 'HUP' }],
  describe: (params) => {
    const verb = verbOf(params as Params)
    const undo = {
      restart: 'nothing to put back',
      signal: 'nothing to put back',
      stop: 'started again',
      start: 'stopped again',
      scale: 'as many as before',
      image: 'made again out of its own image',
    }[verb]
    return namesOf(params as Params, verb).map((name) => ({ does: `${verb} ${name}`, undo, endsBy: '' }))
  },
  check: function* (params, { place, finding }) {
    const said = verbs.filter((verb) => (params as Params)[verb] !== undefined)
    if (said.length !== 1)
      yield finding(place, 'one-verb', `service takes exactly one of ${verbs.join(', ')}`, 'write {restart: NAME}')
    const { to } = params as Params
    const [verb] = said
    if (verb === 'scale' && !(Number.isInteger(to) || isExpression(to)))
      yield finding(place, 'no-number', '`scale` needs a whole number as `to`', 'write {scale: agent, to: 3}')
    if (verb === 'image' && typeof to !== 'string')
      yield finding(
        place,
        'no-image',
        '`image` needs the name of an image as `to`',
        'write {image: agent, to: agent:2}',
      )
  },
  run: async (params, context) => {
    const verb = verbOf(params as Params)
    for (const name of namesOf(params as Params, verb))
      await one(verb, context.target.service(name), params as Params, context)
    return undefined
  },
})

async function one(verb: Verb, of: Service, params: Params, context: Context): Promise<void> {
  const change = await changeBy(verb, of, params)
  if (!change) throw new Skip(`${of.name} can't be made to ${verb} on this target`)
  await context.change(ordinary(change))
  if (waitsFor(verb, params)) await untilReady(of, verb, context.signal)
}

/** A service that is restarted under a fault may not get ready: `ready: false`. */
function waitsFor(verb: Verb, { ready, to }: Params): boolean {
  return ready !== false && (verb === 'scale' ? Number(to) > 0 : verb !== 'stop' && verb !== 'signal')
}

/** As at `up`. A service that does not get ready again is a result of the plan, not an error of the target. */
async function untilReady(of: Service, verb: Verb, signal: AbortSignal): Promise<void> {
  try {
    await of.untilReady?.(signal)
  } catch (error) {
    if (!isError(error, 'target') || error.transient) throw error
    const hint = `write \`service: {${verb}: ${of.name}, ready: false}\` if it is not to be waited for`
    throw new CheckFailure(error.message, { ...error.details, hint })
  }
}

function changeBy(verb: Verb, { verbs: all }: Service, { name, to }: Params): Promise<Change> | undefined {
  if (verb === 'signal') return all.signal?.(signalName(name ?? 'HUP'))
  if (verb === 'scale') return all.scale?.(Number(to))
  return verb === 'image' ? all.image?.(String(to)) : all[verb]?.()
}

function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${{')
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
