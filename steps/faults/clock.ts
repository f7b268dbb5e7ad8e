import { CheckFailure, Skip } from '../../runner/contracts/errors.ts'
import { defineFault, type FaultContext } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import type { Change } from '../../runner/contracts/undo.ts'
import { parseDuration } from '../../runner/contracts/units.ts'
import { namesOf } from '../shared/lifecycle.ts'
import { overwritten } from '../shared/overwritten.ts'
import { required } from '../shared/required.ts'

const LIMIT = 5_000

/** A clock that is wrong. */
export const clock = defineFault({
  name: 'clock',
  summary: 'Shifts the clock of a service that runs under libfaketime; the clock of the machine is left alone.',
  params: subjects('the service, or a list of them'),
  options: {
    shift: Type.String({
      pattern: '^[+-]?(\\d+(\\.\\d+)?(ms|s|m|h|d))+$',
      description: 'how far, such as 1h30m; -10m sets it back',
    }),
  },
  required: ['shift'],
  examples: [
    { clock: 'node', shift: '1h' },
    { clock: ['a', 'b'], shift: '-90s' },
  ],
  describe: (params, { shift }) =>
    namesOf(params).map((name) => ({
      does: `shifts the clock of ${name} by ${shift}`,
      undo: `the clock of ${name} is right`,
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { shift }, context) => {
    const seconds = secondsOf(required(shift, 'shift'))
    return Promise.all(namesOf(params).map((name) => shifted(name, seconds, context)))
  },
  preflight: async (params, context) => {
    for (const name of namesOf(params)) {
      if (name.includes('${{')) continue
      if (isMachine(name, context)) return MACHINE_CLOCK
      const why = whyNot(name, await faketimeOf(name, context))
      if (why !== undefined) return why
    }
    return undefined
  },
})

/** With a sign, and whole. */
function secondsOf(shift: string): number {
  const [, sign, size = ''] = /^([+-]?)(.*)$/.exec(shift) ?? []
  const seconds = Math.round((parseDuration(size) ?? 0) / 1_000) * (sign === '-' ? -1 : 1)
  if (seconds !== 0) return seconds
  throw new CheckFailure(`${shift} is no shift that could be told`, { hint: 'a second is the least' })
}

interface Faketime {
  readonly preloaded: boolean
  /** The file that says how far. */
  readonly file: string
  /** Seconds since 1970, as the service sees it. */
  readonly now: number
  readonly at: number
}

/** What a process inside sees; undefined where none can be run. */
async function faketimeOf(name: string, { target }: Pick<FaultContext, 'target'>): Promise<Faketime | undefined> {
  const ask = 'echo "$LD_PRELOAD $(cat /etc/ld.so.preload 2>/dev/null)"; echo "$FAKETIME_TIMESTAMP_FILE"; date +%s'
  try {
    const { code, stdout } = await target.exec({ sh: ask }, { in: name, timeout: LIMIT })
    if (code !== 0) return undefined
    const [preload = '', file = '', now] = Buffer.from(stdout).toString().split('\n').slice(-4)
    return { preloaded: preload.includes('libfaketime'), file, now: Number(now), at: performance.now() }
  } catch {
    return undefined
  }
}

function whyNot(name: string, seen: Faketime | undefined): string | undefined {
  if (seen === undefined) return `no command can be run in ${name}, so its clock can't be looked at`
  if (!seen.preloaded)
    return `${name} does not run under libfaketime: its image has to preload it (LD_PRELOAD), with FAKETIME_TIMESTAMP_FILE and FAKETIME_NO_CACHE=1`
  if (seen.file === '') return `${name} runs under libfaketime, but FAKETIME_TIMESTAMP_FILE is not set`
  return undefined
}

/** Leases, other people's timers and certificates all go by it; after a crash nobody knows what it was. */
const MACHINE_CLOCK =
  'the clock of the machine itself is left alone: it can not be put back safely once the run is gone, and all that runs there would jump, too. Shift that of a service under libfaketime'

function isMachine(name: string, { target }: Pick<FaultContext, 'target'>): boolean {
  return target.service(name).isMachine === true
}

async function shifted(name: string, seconds: number, context: FaultContext): Promise<Change> {
  if (isMachine(name, context)) throw new Skip(MACHINE_CLOCK, 'unavailable')
  const before = await faketimeOf(name, context)
  const why = whyNot(name, before)
  if (before === undefined || why !== undefined) throw new CheckFailure(why ?? '')
  const change = await overwritten(before.file, await shiftIn(before.file, seconds, name, context), name, context)
  return {
    ...change,
    does: `shifts the clock of ${name} by ${seconds} s`,
    undo: change.undo && { ...change.undo, title: `the clock of ${name} is right` },
    inEffect: async () => {
      const now = await faketimeOf(name, context)
      if (now === undefined) return { yes: false, why: `nothing can be run in ${name}` }
      const apart = Math.round(now.now - before.now - (now.at - before.at) / 1_000)
      if (Math.abs(apart - seconds) > 2) return { yes: false, why: `its clock is ${apart} s from what it was` }
      return { yes: true, evidence: `the clock of ${name} is ${apart} s from what it was` }
    },
  }
}

/** On top of a shift that is there already. */
async function shiftIn(path: string, seconds: number, name: string, { target }: FaultContext): Promise<Uint8Array> {
  const at = target.file(path, { in: name })
  const text = Buffer.from((await at.files.read(at.path)) ?? '')
    .toString()
    .trim()
  const [, already] = /^([+-]?\d+)s?$/.exec(text || '+0') ?? []
  if (already === undefined)
    throw new CheckFailure(`${path} says "${text}", which is no shift in seconds`, { hint: 'write +0 into it' })
  const all = Number(already) + seconds
  return Buffer.from(`${all < 0 ? '' : '+'}${all}\n`)
}
